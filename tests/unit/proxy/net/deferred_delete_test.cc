#include "proxy/net/deferred_delete.h"

#include <gtest/gtest.h>

#include <functional>

namespace banyan::net {
namespace {

class Object final : public Deferrable {
 public:
  explicit Object(std::function<void()> at_the_end) : at_the_end_(std::move(at_the_end)) {}
  ~Object() override { at_the_end_(); }

 private:
  std::function<void()> at_the_end_;
};

TEST(DeferredDelete, DestroysInRunAndNotBefore) {
  DeferredDelete doomed;
  int gone = 0;
  doomed.add(std::make_unique<Object>([&] { ++gone; }));
  EXPECT_EQ(gone, 0);
  EXPECT_FALSE(doomed.empty());
  doomed.run();
  EXPECT_EQ(gone, 1);
  EXPECT_TRUE(doomed.empty());
}

TEST(DeferredDelete, WhatADestructorAddsGoesInTheSameRun) {
  DeferredDelete doomed;
  int gone = 0;
  doomed.add(std::make_unique<Object>([&] {
    ++gone;
    doomed.add(std::make_unique<Object>([&] {
      ++gone;
      doomed.add(std::make_unique<Object>([&] { ++gone; }));
    }));
  }));
  doomed.run();
  EXPECT_EQ(gone, 3);
}

TEST(DeferredDelete, HeldBytesStayWhereTheyAre) {
  DeferredDelete doomed;
  auto held = std::make_unique<HeldBytes>(std::string(100, 'x'));
  const Bytes bytes = held->bytes();
  doomed.add(std::move(held));
  EXPECT_EQ(bytes, std::string(100, 'x'));
  doomed.run();
}

}  // namespace
}  // namespace banyan::net
