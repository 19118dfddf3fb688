#include "shadow/diff/endpoint_template.h"

#include <gtest/gtest.h>

namespace banyan::shadow {
namespace {

EndpointTemplate made(std::string_view text) {
  EndpointTemplate read;
  std::string error;
  EXPECT_TRUE(EndpointTemplate::parse(text, read, error)) << text << ": " << error;
  return read;
}

EndpointTemplates listed(std::initializer_list<std::string_view> texts) {
  EndpointTemplates templates;
  for (const std::string_view text : texts) EXPECT_TRUE(add_template(templates, made(text)));
  return templates;
}

TEST(EndpointTemplate, ANameIsOneSegmentThatIsNotEmpty) {
  const EndpointTemplate cart = made("/users/{name}/cart");
  for (const char* path : {"/users/anna/cart", "/users/1/cart", "/users/%2F/cart"}) {
    EXPECT_TRUE(cart.covers(path)) << path;
  }
  for (const char* path : {"/users//cart", "/users/anna", "/users/anna/cart/", "/users/a/b/cart",
                           "/Users/anna/cart", "users/anna/cart", "/users/anna/cart/3", "", "*"}) {
    EXPECT_FALSE(cart.covers(path)) << path;
  }
}

TEST(EndpointTemplate, AnEmptySegmentIsOne) {
  EXPECT_TRUE(made("/").covers("/"));
  EXPECT_FALSE(made("/").covers("/a"));
  EXPECT_TRUE(made("/a/").covers("/a/"));
  EXPECT_FALSE(made("/a/").covers("/a"));
  EXPECT_FALSE(made("/a").covers("/a/"));
}

TEST(EndpointTemplate, WhatIsNoneIsRefused) {
  const std::string long_one = "/" + std::string(EndpointTemplate::kBytesMax, 'a');
  std::string deep;
  for (std::size_t i = 0; i <= EndpointTemplate::kSegmentsMax; ++i) deep += "/a";
  for (const std::string& text :
       {std::string(), std::string("orders/{id}"), std::string("/a{id}"), std::string("/{}"),
        std::string("/{id}s"), std::string("/{a}{b}"), std::string("/a?b"), std::string("/a b"),
        std::string("/a#b"), std::string("/a\n"), std::string("/{a"), long_one, deep}) {
    EndpointTemplate kept = made("/kept");
    std::string error;
    EXPECT_FALSE(EndpointTemplate::parse(text, kept, error)) << text;
    EXPECT_FALSE(error.empty());
    EXPECT_EQ(kept.text(), "/kept");
  }
}

TEST(EndpointTemplate, TheTextGoesBeforeTheNameInWhateverOrderTheyAreListed) {
  const auto endpoint = [](const EndpointTemplates& templates, std::string_view target) {
    return templated_endpoint(templates, "GET", target);
  };
  for (const EndpointTemplates& templates : {listed({"/{a}/{b}", "/x/{b}", "/{a}/y", "/x/y"}),
                                             listed({"/x/y", "/{a}/y", "/x/{b}", "/{a}/{b}"}),
                                             listed({"/{a}/y", "/x/y", "/{a}/{b}", "/x/{b}"})}) {
    EXPECT_EQ(endpoint(templates, "/x/y"), "GET /x/y");
    EXPECT_EQ(endpoint(templates, "/x/z"), "GET /x/{b}");
    EXPECT_EQ(endpoint(templates, "/w/y"), "GET /{a}/y");
    EXPECT_EQ(endpoint(templates, "/w/z"), "GET /{a}/{b}");
    EXPECT_EQ(endpoint(templates, "/w"), "");
  }
}

TEST(EndpointTemplate, TwoThatCoverTheSameAreNotListed) {
  EndpointTemplates templates = listed({"/a/{b}", "/a/b"});
  EXPECT_FALSE(add_template(templates, made("/a/{other}")));
  EXPECT_FALSE(add_template(templates, made("/a/b")));
  EXPECT_EQ(templates.size(), 2U);
}

TEST(EndpointTemplate, TheQueryIsNoPartOfIt) {
  const EndpointTemplates templates = listed({"/users/{name}"});
  EXPECT_EQ(templated_endpoint(templates, "HEAD", "/users/anna?x=/a"), "HEAD /users/{name}");
  EXPECT_EQ(templated_endpoint(templates, std::string(100, 'M'), "/users/anna").size(),
            16 + std::string_view(" /users/{name}").size());
}

}  // namespace
}  // namespace banyan::shadow
