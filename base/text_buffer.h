// base/text_buffer.h: text that is put together piece by piece, in memory that is kept.
//
// As std::string, except that room can be taken without being filled first: each head is written
// through one of these several times for every exchange.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

namespace banyan {

class TextBuffer {
 public:
  TextBuffer() = default;
  TextBuffer(const TextBuffer& other) { append(other.view()); }
  TextBuffer(TextBuffer&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        size_(std::exchange(other.size_, 0)),
        capacity_(std::exchange(other.capacity_, 0)) {}
  TextBuffer& operator=(const TextBuffer& other) {
    if (this == &other) return *this;
    clear();
    append(other.view());
    return *this;
  }
  TextBuffer& operator=(TextBuffer&& other) noexcept {
    swap(other);
    return *this;
  }
  ~TextBuffer() = default;

  [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }
  [[nodiscard]] const char* data() const { return bytes_.get(); }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return capacity_; }

  // `size` more bytes, which the caller writes now. Valid until the next call.
  [[nodiscard]] char* extend(std::size_t size) {
    if (capacity_ - size_ < size) grow(size_ + size);
    return bytes_.get() + std::exchange(size_, size_ + size);
  }
  // `text` may not lie in this buffer.
  void append(std::string_view text) {
    if (!text.empty()) std::memcpy(extend(text.size()), text.data(), text.size());
  }
  // `text` instead of what is here, which it may be a part of.
  void assign(std::string_view text) {
    if (capacity_ < text.size()) grow(text.size());
    if (!text.empty()) std::memmove(bytes_.get(), text.data(), text.size());
    size_ = text.size();
  }
  void append(char c) { *extend(1) = c; }
  void reserve(std::size_t capacity) {
    if (capacity > capacity_) grow(capacity);
  }
  // `size` bytes at `from` to `to`; both ranges lie in the buffer and may overlap.
  void move(std::size_t from, std::size_t size, std::size_t to) {
    std::memmove(bytes_.get() + to, bytes_.get() + from, size);
  }
  // `size` is at most what it was.
  void cut_to(std::size_t size) { size_ = size; }
  // Keeps the memory.
  void clear() { size_ = 0; }
  // Gives it back.
  void release() {
    TextBuffer empty;
    swap(empty);
  }
  void swap(TextBuffer& other) noexcept {
    bytes_.swap(other.bytes_);
    std::swap(size_, other.size_);
    std::swap(capacity_, other.capacity_);
  }

 private:
  static constexpr std::size_t kCapacityMin = 64;

  void grow(std::size_t wanted) {
    const std::size_t capacity = std::max({wanted, capacity_ * 2, kCapacityMin});
    std::unique_ptr<char[]> bytes(new char[capacity]);
    if (size_ > 0) std::memcpy(bytes.get(), bytes_.get(), size_);
    bytes_ = std::move(bytes);
    capacity_ = capacity;
  }

  std::unique_ptr<char[]> bytes_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace banyan
