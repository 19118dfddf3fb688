#include "base/header_id.h"

#include <algorithm>
#include <array>

#include "base/eight.h"

namespace banyan {
namespace {

struct Known {
  std::string_view name;
  HeaderId id;
};

constexpr std::array kKnown{
    Known{"accept", HeaderId::accept},
    Known{"accept-encoding", HeaderId::accept_encoding},
    Known{"accept-language", HeaderId::accept_language},
    Known{"accept-ranges", HeaderId::accept_ranges},
    Known{"age", HeaderId::age},
    Known{"authorization", HeaderId::authorization},
    Known{"baggage", HeaderId::baggage},
    Known{"cache-control", HeaderId::cache_control},
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
    Known{"last-modified", HeaderId::last_modified},
    Known{"location", HeaderId::location},
    Known{"origin", HeaderId::origin},
    Known{"proxy-authenticate", HeaderId::proxy_authenticate},
    Known{"proxy-authorization", HeaderId::proxy_authorization},
    Known{"proxy-connection", HeaderId::proxy_connection},
    Known{"range", HeaderId::range},
    Known{"referer", HeaderId::referer},
    Known{"server", HeaderId::server},
    Known{"set-cookie", HeaderId::set_cookie},
    Known{"te", HeaderId::te},
    Known{"traceparent", HeaderId::traceparent},
    Known{"trailer", HeaderId::trailer},
    Known{"transfer-encoding", HeaderId::transfer_encoding},
    Known{"upgrade", HeaderId::upgrade},
    Known{"user-agent", HeaderId::user_agent},
    Known{"vary", HeaderId::vary},
    Known{"via", HeaderId::via},
    Known{"x-banyan-shadow", HeaderId::x_banyan_shadow},
    Known{"x-forwarded-for", HeaderId::x_forwarded_for},
    Known{"x-forwarded-host", HeaderId::x_forwarded_host},
    Known{"x-forwarded-proto", HeaderId::x_forwarded_proto},
    Known{"x-request-id", HeaderId::x_request_id},
};

// A perfect hash over the table above, found at compile time: one multiplication, one comparison.
constexpr std::size_t kSlots = 256;
constexpr unsigned kSlotShift = 32 - std::bit_width(kSlots - 1);

constexpr std::uint32_t mix(std::string_view name, std::uint32_t seed) {
  // Good enough for the place in the table: what stands there is compared.
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) | 0x20U;
  };
  const std::size_t n = name.size();
  const std::uint32_t key =
      at(0) | at(n / 2) << 8 | at(n - 1) << 16 | static_cast<std::uint32_t>(n) << 24;
  return (key * seed) >> kSlotShift;
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

constexpr std::size_t kNameMax = 3 * kEight;

// What a name is compared with, eight characters at a time.
struct Slot {
  std::array<char, kNameMax> name{};
  std::array<char, kNameMax> case_bits{};  // that tell a capital, where there is a letter
  std::size_t size = 0;                    // 0: empty
  HeaderId id = HeaderId::other;
};

constexpr std::array<Slot, kSlots> make_slots() {
  std::array<Slot, kSlots> slots{};
  for (const Known& k : kKnown) {
    Slot& slot = slots[mix(k.name, kSeed)];
    slot.size = k.name.size();
    slot.id = k.id;
    for (std::size_t i = 0; i < k.name.size(); ++i) {
      slot.name[i] = k.name[i];
      slot.case_bits[i] = k.name[i] == '-' ? '\0' : '\x20';
    }
  }
  return slots;
}
constexpr std::array<Slot, kSlots> kTable = make_slots();

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

// Of the same size: whether `name` is that of the slot in any case.
bool is_name_of(const Slot& slot, std::string_view name) {
  const std::size_t size = name.size();
  const auto differ = [](Eight a, Eight b, Eight case_bits) { return ((a ^ b) & ~case_bits) != 0; };
  const auto differ_at = [&](std::size_t at) {
    return differ(load_eight(name.data() + at), load_eight(slot.name.data() + at),
                  load_eight(slot.case_bits.data() + at));
  };
  if (size < kEight) {
    return !differ(load_few(name.data(), size), load_few(slot.name.data(), size),
                   load_few(slot.case_bits.data(), size));
  }
  if (differ_at(0) || differ_at(size - kEight)) return false;  // some of them twice
  return size <= 2 * kEight || !differ_at(kEight);
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
  if (name.empty()) return HeaderId::other;
  const Slot& slot = kTable[mix(name, kSeed)];
  return slot.size == name.size() && is_name_of(slot, name) ? slot.id : HeaderId::other;
}

const LineStart& line_start(HeaderId id) { return kLineStarts[static_cast<std::size_t>(id) - 1]; }

std::string_view name_of(HeaderId id) {
  return id == HeaderId::other ? std::string_view() : kKnown[static_cast<std::size_t>(id) - 1].name;
}

}  // namespace banyan
