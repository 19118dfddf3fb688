#include "proxy/codec/http2_indexing.h"

#include <algorithm>

#include "base/eight.h"

namespace banyan::codec {
namespace {

constexpr std::uint64_t kSpread = 0x9E37'79B9'7F4A'7C15;  // 2^64 through the golden ratio

// Of the size, the beginning, the middle and the end: where values differ, they mostly do so there.
// Those that are taken for one another are indexed as if this were not asked.
std::uint32_t tag_of(std::string_view text) {
  std::uint64_t tag = text.size() * kSpread;
  const char* const at = text.data();
  if (text.size() >= kEight) {
    tag = (tag ^ load_eight(at)) * kSpread;
    tag = (tag ^ load_eight(at + (text.size() - kEight) / 2)) * kSpread;
    tag = tag ^ load_eight(at + text.size() - kEight);
  } else if (!text.empty()) {
    tag ^= load_few(at, text.size());
  }
  tag = (tag ^ tag >> 29) * kSpread;
  return static_cast<std::uint32_t>(tag ^ tag >> 32);  // so that each character counts in each bit
}

}  // namespace

bool FieldIndexing::pays(HeaderId id, std::string_view name, std::string_view value) {
  const bool known = id != HeaderId::other;
  const std::uint32_t tag = known ? static_cast<std::uint32_t>(id) + 1 : tag_of(name);
  Name& of_name = names_[tag % kNames];
  if (of_name.tag != tag) of_name = {.tag = tag};

  const auto wanted = static_cast<std::uint16_t>(tag_of(value));
  bool is_old = false;
  for (const std::uint16_t old : of_name.values) is_old |= old == wanted;
  std::uint8_t& count = of_name.recently_new;
  if (is_old) {
    count = static_cast<std::uint8_t>(count - std::min(count, kPerOld));
    return true;
  }
  of_name.values[of_name.next++ % kValues] = wanted;
  count = std::min<std::uint8_t>(static_cast<std::uint8_t>(count + 1), kNewCap);
  return count <= kNewMax;
}

}  // namespace banyan::codec
