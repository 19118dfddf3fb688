#include "proxy/codec/http2_session.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <new>
#include <vector>

namespace banyan::codec {
namespace {

// Sizes come in steps; larger blocks (the tables of a session, a frame that is put together) go to
// the allocator, which keeps them well enough.
constexpr std::size_t kStep = 64;
constexpr std::size_t kKeptMax = 4096;
constexpr std::size_t kClasses = kKeptMax / kStep;
constexpr std::size_t kFreeMax = 128;  // blocks of one size

#ifdef __SANITIZE_ADDRESS__
constexpr bool kReuse = false;  // a use after the end must be seen
#else
constexpr bool kReuse = true;
#endif

// Before each block: how large it is.
struct alignas(alignof(std::max_align_t)) BlockHead {
  std::size_t size;
};

struct FreeBlocks {
  std::array<std::vector<BlockHead*>, kClasses> blocks;
  ~FreeBlocks() {
    for (auto& of_size : blocks) {
      for (BlockHead* block : of_size) std::free(block);
    }
  }
};

FreeBlocks& free_blocks() {
  thread_local FreeBlocks free;
  return free;
}

BlockHead* head_of(void* memory) { return static_cast<BlockHead*>(memory) - 1; }

std::size_t rounded(std::size_t size) {
  return (std::max<std::size_t>(size, 1) + kStep - 1) / kStep * kStep;
}

void* take(std::size_t wanted, void*) {
  const std::size_t size = rounded(wanted);
  if (size < wanted) return nullptr;
  if (kReuse && size <= kKeptMax) {
    auto& kept = free_blocks().blocks[size / kStep - 1];
    if (!kept.empty()) {
      BlockHead* block = kept.back();
      kept.pop_back();
      return block + 1;
    }
  }
  void* memory = std::malloc(sizeof(BlockHead) + size);
  if (memory == nullptr) return nullptr;
  return new (memory) BlockHead{size} + 1;
}

void give(void* memory, void*) {
  if (memory == nullptr) return;
  BlockHead* const block = head_of(memory);
  if (kReuse && block->size <= kKeptMax) {
    auto& kept = free_blocks().blocks[block->size / kStep - 1];
    if (kept.size() < kFreeMax) {
      kept.push_back(block);
      return;
    }
  }
  std::free(block);
}

// RFC 9113 §6 has 0 to 9.
constexpr unsigned kFirstUnknownFrame = 0x0A;
constexpr unsigned kLastFrame = 0xFF;

void* take_zeroed(std::size_t count, std::size_t size, void* user) {
  std::size_t all = 0;
  if (__builtin_mul_overflow(count, size, &all)) return nullptr;
  void* memory = take(all, user);
  if (memory != nullptr) std::memset(memory, 0, all);
  return memory;
}

void* resize(void* memory, std::size_t size, void* user) {
  if (memory == nullptr) return take(size, user);
  const std::size_t old = head_of(memory)->size;
  if (size <= old) return memory;
  void* larger = take(size, user);
  if (larger == nullptr) return nullptr;
  std::memcpy(larger, memory, old);
  give(memory, user);
  return larger;
}

}  // namespace

Http2Callbacks new_callbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) != 0) throw std::bad_alloc();
  nghttp2_session_callbacks_set_unpack_extension_callback(
      callbacks, [](nghttp2_session*, void**, const nghttp2_frame_hd*, void*) -> int {
        return NGHTTP2_ERR_CANCEL;  // ignored (RFC 9113 §5.5)
      });
  return Http2Callbacks(callbacks);
}

Http2Option new_option() {
  nghttp2_option* option = nullptr;
  if (nghttp2_option_new(&option) != 0) throw std::bad_alloc();
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_http_messaging(option, 1);
  nghttp2_option_set_no_closed_streams(option, 1);
  // Frames of unknown types would be passed over before anybody could count them.
  for (unsigned type = kFirstUnknownFrame; type <= kLastFrame; ++type) {
    nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
  }
  return Http2Option(option);
}

nghttp2_mem* http2_memory() {
  thread_local nghttp2_mem memory{nullptr, take, give, take_zeroed, resize};
  return &memory;
}

bool drain(nghttp2_session& session, ByteSink& sink) {
  for (;;) {
    const std::uint8_t* bytes = nullptr;
    const ssize_t size = nghttp2_session_mem_send(&session, &bytes);
    if (size <= 0) return size == 0;
    sink.copy({reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size)});
  }
}

}  // namespace banyan::codec
