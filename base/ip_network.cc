#include "base/ip_network.h"

#include <algorithm>
#include <charconv>

namespace banyan {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr std::size_t kGroups = 8;
constexpr std::size_t kGroupDigitsMax = 4;

// All of `text`, in plain digits of that base.
std::optional<unsigned> number(std::string_view text, int base) {
  unsigned value = 0;
  const char* end = text.data() + text.size();
  const auto result = std::from_chars(text.data(), end, value, base);
  const bool fits = !text.empty() && result.ec == std::errc() && result.ptr == end;
  return fits ? std::optional(value) : std::nullopt;
}

// 0 to `max`, without leading zeros.
std::optional<unsigned> decimal(std::string_view text, unsigned max) {
  if (text.size() > 1 && text[0] == '0') return std::nullopt;
  const std::optional<unsigned> value = number(text, 10);
  return value && *value <= max ? value : std::nullopt;
}

bool parse_v4(std::string_view text, std::span<std::uint8_t, 4> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const bool last = i + 1 == out.size();
    const std::size_t end = last ? text.size() : text.find('.');
    if (end == std::string_view::npos) return false;
    const std::optional<unsigned> value = decimal(text.substr(0, end), 255);
    if (!value) return false;
    out[i] = static_cast<std::uint8_t>(*value);
    text.remove_prefix(last ? end : end + 1);
  }
  return text.empty();
}

// The groups of an IPv6 address as they are written, and where `::` stands among them.
struct Groups {
  std::array<std::uint8_t, kGroups * 2> bytes{};
  std::size_t count = 0;
  std::optional<std::size_t> gap;

  bool add(std::string_view group);
  bool add_v4(std::string_view text);
};

bool Groups::add(std::string_view group) {
  if (count == kGroups || group.size() > kGroupDigitsMax) return false;
  const std::optional<unsigned> value = number(group, 16);
  if (!value) return false;
  bytes[count * 2] = static_cast<std::uint8_t>(*value >> 8);
  bytes[count * 2 + 1] = static_cast<std::uint8_t>(*value);
  ++count;
  return true;
}

bool Groups::add_v4(std::string_view text) {
  if (count + 2 > kGroups) return false;
  const bool good = parse_v4(text, std::span(bytes).subspan(count * 2).first<4>());
  count += 2;
  return good;
}

bool read_groups(std::string_view text, Groups& groups) {
  if (text.starts_with("::")) {
    groups.gap = 0;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    if (colon == std::string_view::npos) {
      return text.find('.') == std::string_view::npos ? groups.add(text) : groups.add_v4(text);
    }
    if (!groups.add(text.substr(0, colon))) return false;
    text.remove_prefix(colon + 1);
    if (text.empty()) return false;  // one colon at the end
    if (text[0] != ':') continue;
    if (groups.gap) return false;
    groups.gap = groups.count;
    text.remove_prefix(1);
  }
  return true;
}

bool parse_v6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  Groups groups;
  if (!read_groups(text, groups)) return false;
  // `::` stands for one group at least.
  if (groups.gap ? groups.count == kGroups : groups.count != kGroups) return false;
  const std::size_t before = groups.gap.value_or(groups.count) * 2;
  const auto from = groups.bytes.begin();
  const auto end = from + static_cast<std::ptrdiff_t>(groups.count * 2);
  std::copy(from, from + static_cast<std::ptrdiff_t>(before), out.begin());
  std::copy_backward(from + static_cast<std::ptrdiff_t>(before), end, out.end());
  return true;
}

// Whether the first `bits` of both agree.
bool agree(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b,
           unsigned bits) {
  const auto whole = static_cast<std::ptrdiff_t>(bits / 8);
  if (!std::equal(a.begin(), a.begin() + whole, b.begin())) return false;
  if (bits % 8 == 0) return true;
  const auto at = static_cast<std::size_t>(whole);
  return ((a[at] ^ b[at]) >> (8 - bits % 8)) == 0;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  IpAddress address;
  if (text.find(':') != std::string_view::npos) {
    return parse_v6(text, address.bytes_) ? std::optional(address) : std::nullopt;
  }
  std::copy(kMapped.begin(), kMapped.end(), address.bytes_.begin());
  const bool good = parse_v4(text, std::span(address.bytes_).last<4>());
  return good ? std::optional(address) : std::nullopt;
}

bool IpAddress::is_v4() const { return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin()); }

std::optional<IpNetwork::Fault> IpNetwork::parse(std::string_view text, IpNetwork& out) {
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view address = text.substr(0, slash);
  const std::optional<IpAddress> first = IpAddress::parse(address);
  if (!first) return Fault::not_an_address;
  const unsigned written_bits = address.find(':') == std::string_view::npos ? 32 : 128;
  unsigned bits = 128;
  if (slash != text.size()) {
    const std::optional<unsigned> length = decimal(text.substr(slash + 1), written_bits);
    if (!length) return Fault::not_a_length;
    bits = *length + (128 - written_bits);
  }
  IpNetwork made;
  made.bits_ = static_cast<std::uint8_t>(bits);
  for (unsigned i = 0; i < 128; i += 8) {
    const unsigned kept = i >= bits ? 0 : std::min(bits - i, 8U);
    const auto mask = static_cast<std::uint8_t>(0xff00U >> kept);
    made.first_.bytes_[i / 8] = first->bytes_[i / 8] & mask;
  }
  if (made.first_ != *first) return Fault::bits_behind;
  out = made;
  return std::nullopt;
}

bool IpNetwork::contains(const IpAddress& address) const {
  return address.is_v4() == first_.is_v4() && agree(first_.bytes_, address.bytes_, bits_);
}

bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address) {
  return std::any_of(networks.begin(), networks.end(),
                     [&](const IpNetwork& network) { return network.contains(address); });
}

}  // namespace banyan
