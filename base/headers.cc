#include "base/headers.h"

#include <algorithm>
#include <cstring>

namespace banyan {
namespace {

struct Known {
  std::string_view name;
  HeaderId id;
};

constexpr std::array kKnown{
    Known{"age", HeaderId::age},
    Known{"authorization", HeaderId::authorization},
    Known{"baggage", HeaderId::baggage},
    Known{"connection", HeaderId::connection},
    Known{"content-encoding", HeaderId::content_encoding},
    Known{"content-length", HeaderId::content_length},
    Known{"content-type", HeaderId::content_type},
    Known{"cookie", HeaderId::cookie},
    Known{"date", HeaderId::date},
    Known{"etag", HeaderId::etag},
    Known{"expect", HeaderId::expect},
    Known{"forwarded", HeaderId::forwarded},
    Known{"host", HeaderId::host},
    Known{"if-match", HeaderId::if_match},
    Known{"if-modified-since", HeaderId::if_modified_since},
    Known{"if-none-match", HeaderId::if_none_match},
    Known{"if-unmodified-since", HeaderId::if_unmodified_since},
    Known{"keep-alive", HeaderId::keep_alive},
    Known{"proxy-authenticate", HeaderId::proxy_authenticate},
    Known{"proxy-authorization", HeaderId::proxy_authorization},
    Known{"proxy-connection", HeaderId::proxy_connection},
    Known{"range", HeaderId::range},
    Known{"server", HeaderId::server},
    Known{"set-cookie", HeaderId::set_cookie},
    Known{"te", HeaderId::te},
    Known{"traceparent", HeaderId::traceparent},
    Known{"trailer", HeaderId::trailer},
    Known{"transfer-encoding", HeaderId::transfer_encoding},
    Known{"upgrade", HeaderId::upgrade},
    Known{"via", HeaderId::via},
    Known{"x-banyan-shadow", HeaderId::x_banyan_shadow},
    Known{"x-forwarded-for", HeaderId::x_forwarded_for},
    Known{"x-forwarded-host", HeaderId::x_forwarded_host},
    Known{"x-forwarded-proto", HeaderId::x_forwarded_proto},
    Known{"x-request-id", HeaderId::x_request_id},
};

// A perfect hash over the table above, found at compile time: one multiplication, one comparison.
constexpr std::size_t kSlots = 128;

constexpr std::uint32_t mix(std::string_view name, std::uint32_t seed) {
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(ascii_lower(name[i])));
  };
  const std::size_t n = name.size();
  const std::uint32_t key =
      at(0) | at(n / 2) << 8 | at(n - 1) << 16 | static_cast<std::uint32_t>(n) << 24;
  return (key * seed) >> 25;
}

constexpr bool is_perfect(std::uint32_t seed) {
  std::array<bool, kSlots> taken{};
  for (const Known& k : kKnown) {
    const std::uint32_t slot = mix(k.name, seed);
    if (taken[slot]) return false;
    taken[slot] = true;
  }
  return true;
}

constexpr std::uint32_t find_seed() {
  for (std::uint32_t seed = 0x9E3779B1U, tries = 0; tries < 4000; ++tries, seed += 0x6A09E667U) {
    if (is_perfect(seed | 1U)) return seed | 1U;
  }
  return 0;
}
constexpr std::uint32_t kSeed = find_seed();
static_assert(kSeed != 0, "no perfect hash: enlarge kSlots");

constexpr std::array<Known, kSlots> make_slots() {
  std::array<Known, kSlots> slots{};
  for (const Known& k : kKnown) slots[mix(k.name, kSeed)] = k;
  return slots;
}
constexpr std::array<Known, kSlots> kTable = make_slots();

// Eight characters side by side.
using Eight = std::uint64_t;

constexpr Eight all(unsigned char c) { return Eight{0x0101010101010101} * c; }

Eight load(const char* at) {
  Eight eight;
  std::memcpy(&eight, at, sizeof eight);
  return eight;
}

// Sets 0x20 in the bytes 'A' to 'Z': their low seven bits pass 'A' and do not pass 'Z', and the
// eighth is not set.
constexpr Eight lower(Eight eight) {
  const Eight low = eight & all(0x7F);
  const Eight from_a = low + all(0x80 - 'A');
  const Eight after_z = low + all(0x7F - 'Z');
  return eight | ((from_a & ~after_z & ~eight & all(0x80)) >> 2);
}

bool is_one_line(std::string_view text) {
  const auto has = [&](char c) { return std::memchr(text.data(), c, text.size()) != nullptr; };
  return text.empty() || (!has('\r') && !has('\n') && !has('\0'));
}

// The characters of RFC 9110 §5.6.2.
constexpr std::array<bool, 256> make_name_chars() {
  std::array<bool, 256> is_in{};
  for (unsigned char c = '0'; c <= '9'; ++c) is_in[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) is_in[c] = is_in[c - 0x20U] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    is_in[static_cast<unsigned char>(c)] = true;
  return is_in;
}
constexpr std::array<bool, 256> kNameChars = make_name_chars();

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kNameChars[static_cast<unsigned char>(c)];
  });
}

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
  std::size_t at = 0;
  for (; at + sizeof(Eight) <= a.size(); at += sizeof(Eight)) {
    if (lower(load(a.data() + at)) != lower(load(b.data() + at))) return false;
  }
  if (at == a.size()) return true;
  if (at > 0) {  // the last eight, some of them for the second time
    at = a.size() - sizeof(Eight);
    return lower(load(a.data() + at)) == lower(load(b.data() + at));
  }
  for (; at < a.size(); ++at) {
    if (ascii_lower(a[at]) != ascii_lower(b[at])) return false;
  }
  return true;
}

HeaderId header_id(std::string_view name) {
  if (name.empty()) return HeaderId::other;
  const Known& k = kTable[mix(name, kSeed)];
  return equals_ignoring_case(name, k.name) ? k.id : HeaderId::other;
}

void Headers::add(std::string_view name, std::string_view value) {
  if (is_name(name) && is_one_line(value)) append(name, value, header_id(name));
}

void Headers::add(HeaderId id, std::string_view value) {
  if (id == HeaderId::other || !is_one_line(value)) return;
  append(kKnown[static_cast<std::size_t>(id) - 1].name, value, id);
}

void Headers::append(std::string_view name, std::string_view value, HeaderId id) {
  const std::size_t at = bytes_.size();
  bytes_.append(name).append(": ").append(value).append("\r\n");
  push(at, name.size(), value.size(), id);
}

void Headers::add_line(std::string_view line, std::size_t name_size) {
  const std::size_t at = bytes_.size();
  bytes_.append(line);
  push(at, name_size, line.size() - name_size - kLineMarksSize,
       header_id(line.substr(0, name_size)));
}

void Headers::push(std::size_t at, std::size_t name_size, std::size_t value_size, HeaderId id) {
  fields_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name_size),
                     static_cast<std::uint32_t>(value_size), id});
  ids_ |= std::uint64_t{1} << static_cast<unsigned>(id);
}

void Headers::add_run(const Headers& other, std::size_t first, std::size_t last) {
  const std::uint32_t from = other.fields_[first].at;
  const std::uint32_t to = other.fields_[last - 1].end();
  const auto at = static_cast<std::uint32_t>(bytes_.size());
  bytes_.append(other.bytes_, from, to - from);
  for (std::size_t i = first; i < last; ++i) {
    Field field = other.fields_[i];
    field.at = at + (field.at - from);
    fields_.push_back(field);
    ids_ |= std::uint64_t{1} << static_cast<unsigned>(field.id);
  }
}

void Headers::clear() {
  bytes_.clear();
  fields_.clear();
  ids_ = 0;
}

void Headers::reserve(std::size_t bytes, std::size_t fields) {
  bytes_.reserve(bytes);
  fields_.reserve(fields);
}

void Headers::shrink(std::size_t bytes_max) {
  if (bytes() <= bytes_max) return;
  std::string().swap(bytes_);
  std::vector<Field>().swap(fields_);
  ids_ = 0;
}

std::optional<std::string_view> Headers::find(HeaderId id) const {
  if (!has(id)) return std::nullopt;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].id == id) return (*this)[i].value;
  }
  return std::nullopt;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header h : *this) {
    if (equals_ignoring_case(h.name, name)) return h.value;
  }
  return std::nullopt;
}

std::size_t Headers::count(HeaderId id) const {
  if (!has(id)) return 0;
  return static_cast<std::size_t>(
      std::count_if(fields_.begin(), fields_.end(), [id](const Field& f) { return f.id == id; }));
}

bool Headers::has_token(HeaderId id, std::string_view token) const {
  if (!has(id)) return false;
  bool found = false;
  for (const Header h : *this) {
    if (h.id != id) continue;
    for_each_list_member(h.value, [&](std::string_view member) {
      found = found || equals_ignoring_case(member, token);
    });
  }
  return found;
}

}  // namespace banyan
