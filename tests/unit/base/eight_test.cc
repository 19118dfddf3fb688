#include "base/eight.h"

#include <gtest/gtest.h>

#include <string>

#include "base/headers.h"

namespace banyan {
namespace {

const char* find_below_space(const char* at, const char* end) {
  return find_marked(
      at, end, [](auto chars) { return mark_below(chars, 0x20) | mark_equal(chars, 0x7F); },
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; });
}

TEST(Eight, FindsTheFirstMarkAtEveryPlaceBehindEveryByte) {
  for (std::size_t size = 1; size <= 40; size += size < 20 ? 1 : 7) {
    for (std::size_t at = 0; at < size; ++at) {
      for (unsigned before = 0x20; before < 256; ++before) {
        if (before == 0x7F) continue;
        for (const char wanted : {'\0', '\x1f', '\x7f'}) {
          std::string text(size, static_cast<char>(before));
          text[at] = wanted;
          const char* const begin = text.data();
          ASSERT_EQ(find_below_space(begin, begin + size) - begin, static_cast<std::ptrdiff_t>(at))
              << size << ' ' << before;
        }
      }
    }
  }
}

TEST(Eight, FindsNothingWhereNothingIsMarked) {
  for (unsigned c = 0x20; c < 256; ++c) {
    if (c == 0x7F) continue;
    const std::string text(39, static_cast<char>(c));
    ASSERT_EQ(find_below_space(text.data(), text.data() + 39), text.data() + 39) << c;
  }
}

TEST(Eight, LowersLettersAndNothingElse) {
  for (unsigned c = 0; c < 256; ++c) {
    const std::string text = "Az@[`{\xc1" + std::string(1, static_cast<char>(c));
    std::string lowered = text;
    for (char& each : lowered) each = ascii_lower(each);
    ASSERT_EQ(lower(load_eight(text.data())), load_eight(lowered.data())) << c;
  }
}

}  // namespace
}  // namespace banyan
