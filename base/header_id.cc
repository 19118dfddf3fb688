#include "base/header_id.h"

#include <algorithm>
#include <array>

#include "base/header_id_table.h"

namespace banyan {
namespace {

using header_table::kKnown;
using header_table::kNameMax;
using header_table::Known;

constexpr std::array<LineStart, kKnown.size()> make_line_starts() {
  std::array<LineStart, kKnown.size()> starts{};
  for (std::size_t i = 0; i < kKnown.size(); ++i) {
    const std::string_view name = kKnown[i].name;
    char* to = std::copy(name.begin(), name.end(), starts[i].text.begin());
    *to++ = ':';
    *to = ' ';
    starts[i].name_size = static_cast<std::uint32_t>(name.size());
  }
  return starts;
}
constexpr std::array<LineStart, kKnown.size()> kLineStarts = make_line_starts();
static_assert(kNameMax + 2 <= LineStart::kBytes);

constexpr bool is_in_lower_case(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || c == '-'; });
}
static_assert(std::all_of(kKnown.begin(), kKnown.end(), [](const Known& k) {
  return k.name.size() <= kNameMax && is_in_lower_case(k.name);
}));

constexpr bool known_are_in_order() {
  for (std::size_t i = 0; i < kKnown.size(); ++i) {
    if (static_cast<std::size_t>(kKnown[i].id) != i + 1) return false;
  }
  return true;
}
static_assert(known_are_in_order());

}  // namespace

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  const auto differ = [&](std::size_t at) {
    return lower(load_eight(a.data() + at)) != lower(load_eight(b.data() + at));
  };
  std::size_t at = 0;
  for (; at + kEight <= a.size(); at += kEight) {
    if (differ(at)) return false;
  }
  // The last eight, some of them for the second time.
  if (at > 0) return at == a.size() || !differ(a.size() - kEight);
  for (; at < a.size(); ++at) {
    if (ascii_lower(a[at]) != ascii_lower(b[at])) return false;
  }
  return true;
}

HeaderId header_id(std::string_view name) {
  if (name.empty() || name.size() > kNameMax) return HeaderId::other;
  std::array<char, kNameMax> padded{};
  std::copy(name.begin(), name.end(), padded.begin());
  return header_table::id_in_line(padded.data(), name.size());
}

const LineStart& line_start(HeaderId id) { return kLineStarts[static_cast<std::size_t>(id) - 1]; }

std::string_view name_of(HeaderId id) {
  return id == HeaderId::other ? std::string_view() : kKnown[static_cast<std::size_t>(id) - 1].name;
}

}  // namespace banyan
