// base/text.h: a short text that is assigned and swapped for every message: a target, a host, a
// reason phrase.
//
// As std::string, but what it holds is never inside the object, so that a swap is three words and
// an assignment one copy, both seen by the compiler. Its memory is kept.
#pragma once

#include <string>
#include <string_view>

#include "base/text_buffer.h"

namespace banyan {

class Text {
 public:
  Text() = default;
  Text(std::string_view text) { assign(text); }             // NOLINT: converts as std::string does
  Text(const char* text) : Text(std::string_view(text)) {}  // NOLINT
  Text& operator=(std::string_view text) { return assign(text); }
  Text& operator=(const char* text) { return assign(text); }

  // `text` may be a part of this one.
  Text& assign(std::string_view text) {
    bytes_.assign(text);
    return *this;
  }
  // `text` may not.
  Text& append(std::string_view text) {
    bytes_.append(text);
    return *this;
  }
  void clear() { bytes_.clear(); }
  void swap(Text& other) noexcept { bytes_.swap(other.bytes_); }
  // Gives back memory above `bytes_max`.
  void shrink(std::size_t bytes_max) {
    if (bytes_.capacity() > bytes_max) bytes_.release();
  }

  [[nodiscard]] std::string_view view() const { return bytes_.view(); }
  operator std::string_view() const { return view(); }  // NOLINT
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] bool empty() const { return bytes_.size() == 0; }

  friend bool operator==(const Text& a, std::string_view b) { return a.view() == b; }
  friend bool operator==(const Text& a, const char* b) { return a.view() == b; }
  friend bool operator==(const Text& a, const Text& b) { return a.view() == b.view(); }
  friend std::string operator+(std::string a, const Text& b) {
    a.append(b.view());
    return a;
  }
  friend std::string operator+(const Text& a, std::string_view b) {
    return std::string(a.view()).append(b);
  }

 private:
  TextBuffer bytes_;
};

}  // namespace banyan
