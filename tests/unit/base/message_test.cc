#include "base/message.h"

#include <gtest/gtest.h>

namespace banyan {
namespace {

TEST(Method, IsCaseSensitive_Rfc9110_9_1) {
  EXPECT_EQ(method_of("GET"), Method::get);
  EXPECT_EQ(method_of("HEAD"), Method::head);
  EXPECT_EQ(method_of("OPTIONS"), Method::options);
  EXPECT_EQ(method_of("POST"), Method::post);
  EXPECT_EQ(method_of("PUT"), Method::put);
  EXPECT_EQ(method_of("DELETE"), Method::del);
  EXPECT_EQ(method_of("PATCH"), Method::patch);
  EXPECT_EQ(method_of("TRACE"), Method::trace);
  EXPECT_EQ(method_of("CONNECT"), Method::connect);
  for (const char* text : {"get", "Get", "", "GETT", "GE", "PROPFIND"}) {
    EXPECT_EQ(method_of(text), Method::other) << text;
  }
}

TEST(Method, SafeAreTheReadingOnes_Rfc9110_9_2_1) {
  for (const Method m : {Method::get, Method::head, Method::options}) EXPECT_TRUE(is_safe(m));
  for (const Method m : {Method::post, Method::put, Method::del, Method::patch, Method::trace,
                         Method::connect, Method::other}) {
    EXPECT_FALSE(is_safe(m));
  }
}

TEST(RequestHead, PathIsTheTargetWithoutItsQuery) {
  RequestHead head;
  for (const auto& [target, path] :
       {std::pair{"/a/b?c=/d?e", "/a/b"}, {"/a", "/a"}, {"/?", "/"}, {"*", "*"}, {"", ""}}) {
    head.target = target;
    EXPECT_EQ(head.path(), path) << target;
  }
}

TEST(RequestHead, HasABodyWhereItsFramingSaysSo) {
  RequestHead head;
  EXPECT_FALSE(head.has_body());
  head.framing = Framing::content_length;
  EXPECT_FALSE(head.has_body());
  head.content_length = 1;
  EXPECT_TRUE(head.has_body());
  head.framing = Framing::chunked;
  head.content_length = 0;
  EXPECT_TRUE(head.has_body());
}

TEST(RequestHead, ClearLeavesNothingOfTheLastRequest) {
  RequestHead head;
  head.method = Method::post;
  head.version = HttpVersion::http10;
  head.framing = Framing::chunked;
  head.keep_alive = false;
  head.expect_continue = true;
  head.content_length = 3;
  head.method_text = "POST";
  head.target = "/a";
  head.authority = "h";
  head.headers.add("Host", "h");
  head.clear();
  const RequestHead fresh;
  EXPECT_EQ(head.method, fresh.method);
  EXPECT_EQ(head.version, fresh.version);
  EXPECT_EQ(head.framing, fresh.framing);
  EXPECT_EQ(head.keep_alive, fresh.keep_alive);
  EXPECT_EQ(head.expect_continue, fresh.expect_continue);
  EXPECT_EQ(head.content_length, fresh.content_length);
  EXPECT_EQ(std::string(head.method_text) + head.target + head.authority, "");
  EXPECT_TRUE(head.headers.empty());
}

TEST(ResponseHead, ClearLeavesNothingOfTheLastResponse) {
  ResponseHead head;
  head.status = 200;
  head.version = HttpVersion::http2;
  head.framing = Framing::until_close;
  head.keep_alive = false;
  head.content_length = 3;
  head.reason = "OK";
  head.headers.add("ETag", "x");
  head.clear();
  EXPECT_EQ(head.status, 0);
  EXPECT_EQ(head.version, HttpVersion::http11);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_EQ(head.content_length, std::nullopt);
  EXPECT_EQ(head.reason, "");
  EXPECT_TRUE(head.headers.empty());
}

}  // namespace
}  // namespace banyan
