#include "tests/support/allocation_count.h"

#include <cstddef>
#include <cstdlib>
#include <new>

namespace banyan::test {
namespace {
thread_local std::uint64_t count = 0;
}  // namespace

std::uint64_t allocation_count() { return count; }

static void* allocate(std::size_t size, std::size_t alignment) {
  ++count;
  const std::size_t whole = (size + alignment - 1) / alignment * alignment;
  void* memory = std::aligned_alloc(alignment, whole == 0 ? alignment : whole);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

}  // namespace banyan::test

// The array and nothrow forms of the standard library end in these. A sanitizer has forms of its own,
// and would find it wrong that what the nothrow one gives is freed here.
void* operator new(std::size_t size) {
  return banyan::test::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  return banyan::test::allocate(size, alignof(std::max_align_t));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  return banyan::test::allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
