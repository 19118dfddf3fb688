#include "proxy/codec/request_target.h"

#include <gtest/gtest.h>

#include <vector>

namespace banyan::codec {
namespace {

struct Asked {
  Method method = Method::get;
  HttpVersion version = HttpVersion::http11;
  std::vector<std::string_view> hosts = {"h"};
};

// "target @ authority", or the reason word.
std::string resolve(std::string_view text, const Asked& asked = {}) {
  RequestHead head;
  head.method = asked.method;
  head.version = asked.version;
  for (const std::string_view host : asked.hosts) head.headers.add("Host", host);
  const Result<void> result = resolve_target(text, head);
  if (!result) return std::string(reason_of(result.error().code));
  return head.target + " @ " + head.authority;
}

TEST(Rfc9112Section3_2RequestTarget, OriginFormIsKept) {
  EXPECT_EQ(resolve("/"), "/ @ h");
  EXPECT_EQ(resolve("/a/../b//c?d=e?f&%00"), "/a/../b//c?d=e?f&%00 @ h");
  EXPECT_EQ(resolve("//other/x"), "//other/x @ h");
}

TEST(Rfc9112Section3_2_2AbsoluteForm, IsSplit) {
  EXPECT_EQ(resolve("http://h/a?b"), "/a?b @ h");
  EXPECT_EQ(resolve("HTTP://H/a"), "/a @ H");
  EXPECT_EQ(resolve("http://h"), "/ @ h");
  EXPECT_EQ(resolve("http://h?x"), "/?x @ h");
  EXPECT_EQ(resolve("http://h:80/"), "/ @ h:80");
  EXPECT_EQ(resolve("https://h/", {.hosts = {"h:443"}}), "/ @ h");
  EXPECT_EQ(resolve("http://h/", {.version = HttpVersion::http10, .hosts = {}}), "/ @ h");
  EXPECT_EQ(resolve("http://h", {.method = Method::options}), "* @ h");
}

TEST(Rfc9112Section3_2_2AbsoluteForm, ReplacesWhatHostSays) {
  EXPECT_EQ(resolve("http://other/"), "/ @ other");
  EXPECT_EQ(resolve("http://h:81/"), "/ @ h:81");
  EXPECT_EQ(resolve("https://H:443/a", {.hosts = {"x:1"}}), "/a @ H:443");
}

// The host is ignored, a malformed message is not.
TEST(Rfc9112Section3_2_2AbsoluteForm, StillNeedsOneHostThatIsOne) {
  EXPECT_EQ(resolve("http://h/", {.hosts = {}}), "bad_host");
  EXPECT_EQ(resolve("http://h/", {.hosts = {"h", "h"}}), "bad_host");
  EXPECT_EQ(resolve("http://h/", {.hosts = {"a b"}}), "bad_host");
}

TEST(Rfc9112Section3_2RequestTarget, OtherFormsAreRefused) {
  for (const std::string_view bad : {"", "a", "h:80", "*", "*a", "ftp://h/", "http:/h", "http://",
                                     "http:///x", "http://u@h/", "http://h:x/", "http://h\\x/",
                                     "http://[::1/", "/a#b", "http://h/#b", "/#", "javascript:x"}) {
    EXPECT_EQ(resolve(bad), "bad_target") << bad;
  }
  EXPECT_EQ(resolve("*", {.method = Method::options}), "* @ h");
}

TEST(Rfc9112Section3_2Host, IsThereOnceAndAHost) {
  EXPECT_EQ(resolve("/", {.hosts = {}}), "bad_host");
  EXPECT_EQ(resolve("/", {.version = HttpVersion::http10, .hosts = {}}), "/ @ ");
  EXPECT_EQ(resolve("/", {.hosts = {"h", "h"}}), "bad_host");
  EXPECT_EQ(resolve("/", {.version = HttpVersion::http10, .hosts = {"h", "h"}}), "bad_host");
}

TEST(Rfc3986Section3_2Authority, IsAHostAndMaybeAPort) {
  for (const std::string_view good : {"h", "shop.test", "shop_1.test:8080", "127.0.0.1:1", "[::1]",
                                      "[::ffff:1.2.3.4]:80", "h:", "xn--bcher-kva.test", "%41"}) {
    EXPECT_TRUE(is_authority(good)) << good;
  }
  for (const std::string_view bad :
       {"",        ":80",  "h:x",  "h:1:2", "h:123456", "h/x", "h?x", "h#x",
        "u@h",     "a,b",  "a b",  "[::1",  "::1",      "[]",  "[x]", "[::1]x",
        "[::1]:x", "a[b]", "h\\x", "\"h\"", "h\x80",    "<h>"}) {
    EXPECT_FALSE(is_authority(bad)) << bad;
  }
}

}  // namespace
}  // namespace banyan::codec
