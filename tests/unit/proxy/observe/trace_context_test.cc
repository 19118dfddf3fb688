#include "proxy/observe/trace_context.h"

#include <gtest/gtest.h>

namespace banyan::observe {
namespace {

constexpr std::string_view kGiven = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

TEST(TraceContext, TheTraceStaysAndTheParentIsNew) {
  EXPECT_EQ(with_parent(kGiven, 0x0123456789abcdefU),
            "00-0af7651916cd43dd8448eb211c80319c-0123456789abcdef-01");
  EXPECT_EQ(with_parent(kGiven, 10), "00-0af7651916cd43dd8448eb211c80319c-000000000000000a-01");
}

TEST(TraceContext, NoParentIsAllZeros) {
  EXPECT_EQ(with_parent(kGiven, 0), "00-0af7651916cd43dd8448eb211c80319c-0000000000000001-01");
}

TEST(TraceContext, ALaterVersionKeepsWhatItHasMore) {
  EXPECT_EQ(with_parent("cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-what-more", 1),
            "cc-0af7651916cd43dd8448eb211c80319c-0000000000000001-01-what-more");
}

TEST(TraceContext, WhatIsNotOfItsFormIsLeftAlone) {
  for (const char* value : {"", "00", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more",
                            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                            "00-0af7651916cd43dd8448eb211c80319c_b7ad6b7169203331-01",
                            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x"}) {
    EXPECT_EQ(with_parent(value, 1), std::nullopt) << value;
  }
}

}  // namespace
}  // namespace banyan::observe
