// base/recycled.h: memory of short-lived objects, kept for the next one of the same type.
//
// `class Exchange : Recycled<Exchange>` makes new and delete of that type take from and give to a
// free list of the thread, so the steady state allocates nothing. Under AddressSanitizer the list
// is off: a use after the end must be seen.
#pragma once

#include <cstddef>
#include <new>
#include <vector>

namespace banyan {

template <class T>
class Recycled {
 public:
  static constexpr std::size_t kFreeMax = 256;  // of one thread

  static void* operator new(std::size_t size) {
    auto& free = free_list();
    if (size != sizeof(T) || free.memory.empty()) return ::operator new(size);
    void* memory = free.memory.back();
    free.memory.pop_back();
    return memory;
  }
  static void operator delete(void* memory, std::size_t size) {
#ifndef __SANITIZE_ADDRESS__
    auto& free = free_list();
    if (size == sizeof(T) && free.memory.size() < kFreeMax) {
      free.memory.push_back(memory);
      return;
    }
#endif
    ::operator delete(memory, size);
  }

 private:
  struct FreeList {
    std::vector<void*> memory;
    ~FreeList() {
      for (void* m : memory) ::operator delete(m);
    }
  };
  static FreeList& free_list() {
    thread_local FreeList list;
    return list;
  }
};

}  // namespace banyan
