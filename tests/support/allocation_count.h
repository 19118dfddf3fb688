// tests/support/allocation_count.h: how many heap allocations a piece of code makes.
//
// Linking allocation_count.cc replaces the global operator new of the whole test binary.
#pragma once

#include <cstdint>

namespace banyan::test {

// Allocations of the calling thread so far.
[[nodiscard]] std::uint64_t allocation_count();

template <class F>
[[nodiscard]] std::uint64_t allocations_of(F call) {
  const std::uint64_t before = allocation_count();
  call();
  return allocation_count() - before;
}

}  // namespace banyan::test
