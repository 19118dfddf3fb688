// shadow/diff/json_same.h: which values of two documents are the same, whatever the rules say.
//
// The same: members in the same order, numbers by value. It is asked of a value, then of what is in
// it; what was looked at is remembered, so that the whole way down costs one look at each entry.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "shadow/diff/json_number.h"
#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

class JsonSame {
 public:
  JsonSame(const JsonTape& left, const JsonTape& right) : left_(left), right_(right) {}

  // The values at entry l of the left and entry r of the right.
  [[nodiscard]] bool operator()(std::uint32_t l, std::uint32_t r) {
    const std::uint32_t end = left_[l].next;
    if (end - l != right_[r].next - r) return false;
    if (r - l != shift_ || l < begin_ || l > until_) {
      begin_ = until_ = l;
      shift_ = r - l;
      ended_ = false;
    }
    while (until_ < end && !ended_) {
      ended_ = !is_same(left_[until_], right_[until_ + shift_]);
      if (!ended_) ++until_;
    }
    return until_ >= end;
  }

 private:
  // Most texts are short, and then a call of memcmp costs more than what it does.
  static bool is_same_text(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    const std::size_t size = a.size();
    if (size > 2 * sizeof(std::uint64_t)) return std::memcmp(a.data(), b.data(), size) == 0;
    if (size >= sizeof(std::uint64_t)) return has_same_ends<std::uint64_t>(a, b);
    if (size >= sizeof(std::uint32_t)) return has_same_ends<std::uint32_t>(a, b);
    for (std::size_t i = 0; i < size; ++i) {
      if (a[i] != b[i]) return false;
    }
    return true;
  }
  // Of texts no longer than two of `Word`, which is all of them.
  template <class Word>
  static bool has_same_ends(std::string_view a, std::string_view b) {
    const auto word = [](const char* at) {
      Word value;
      std::memcpy(&value, at, sizeof value);
      return value;
    };
    const std::size_t last = a.size() - sizeof(Word);
    return word(a.data()) == word(b.data()) && word(a.data() + last) == word(b.data() + last);
  }

  static bool is_same(const JsonEntry& a, const JsonEntry& b) {
    if (a.type != b.type || a.count != b.count) return false;
    if (is_same_text(a.text, b.text)) return true;
    return a.type == JsonType::number && equal_numbers(a.text, b.text);
  }

  const JsonTape& left_;
  const JsonTape& right_;
  // Entries begin_ .. until_ of the left are those of the right that stand `shift_` further (modulo
  // 2^32); where `ended_`, the next one is not.
  std::uint32_t begin_ = 0;
  std::uint32_t until_ = 0;
  std::uint32_t shift_ = 0;
  bool ended_ = false;
};

}  // namespace banyan::shadow
