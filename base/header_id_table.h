// base/header_id_table.h: how a field's name becomes its id, for the parser, which asks for every
// line. Everybody else asks header_id().
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <string_view>

#include "base/eight.h"
#include "base/header_id.h"

namespace banyan::header_table {

struct Known {
  std::string_view name;
  HeaderId id;
};

inline constexpr std::array kKnown{
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
    Known{"grpc-accept-encoding", HeaderId::grpc_accept_encoding},
    Known{"grpc-encoding", HeaderId::grpc_encoding},
    Known{"grpc-message", HeaderId::grpc_message},
    Known{"grpc-status", HeaderId::grpc_status},
    Known{"grpc-timeout", HeaderId::grpc_timeout},
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
inline constexpr std::size_t kSlots = 256;
inline constexpr unsigned kSlotShift = 32 - std::bit_width(kSlots - 1);

// Of at least one character.
constexpr std::uint32_t mix(const char* name, std::size_t size, std::uint32_t seed) {
  // Good enough for the place in the table: what stands there is compared.
  const auto at = [&](std::size_t i) {
    return static_cast<std::uint32_t>(static_cast<unsigned char>(name[i])) | 0x20U;
  };
  const std::uint32_t key =
      at(0) | at(size / 2) << 8 | at(size - 1) << 16 | static_cast<std::uint32_t>(size) << 24;
  return (key * seed) >> kSlotShift;
}

constexpr bool is_perfect(std::uint32_t seed) {
  std::array<bool, kSlots> taken{};
  for (const Known& k : kKnown) {
    const std::uint32_t slot = mix(k.name.data(), k.name.size(), seed);
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
inline constexpr std::uint32_t kSeed = find_seed();
static_assert(kSeed != 0, "no perfect hash: enlarge kSlots");

inline constexpr std::size_t kNameMax = 24;

// What a name is compared with, and which bits of it count: not those that tell a capital, nor
// anything behind the name. One cache line.
struct alignas(64) Slot {
  std::array<char, kNameMax> name{};
  std::array<char, kNameMax> counting{};
  std::uint8_t size = 0;  // 0: empty
  HeaderId id = HeaderId::other;
};

constexpr std::array<Slot, kSlots> make_slots() {
  std::array<Slot, kSlots> slots{};
  for (const Known& k : kKnown) {
    Slot& slot = slots[mix(k.name.data(), k.name.size(), kSeed)];
    slot.size = static_cast<std::uint8_t>(k.name.size());
    slot.id = k.id;
    for (std::size_t i = 0; i < k.name.size(); ++i) {
      const bool is_letter = k.name[i] != '-';
      slot.name[i] = k.name[i];
      slot.counting[i] = is_letter ? '\xDF' : '\xFF';
    }
  }
  return slots;
}
inline constexpr std::array<Slot, kSlots> kTable = make_slots();

// Sixteen characters from `at`.
[[nodiscard]] inline bool agree_at(std::size_t at, const char* name, const Slot& slot) {
#ifdef __SSE2__
  return agree(load_sixteen(name + at), load_sixteen(slot.name.data() + at),
               load_sixteen(slot.counting.data() + at));
#else
  const auto differ = [&](std::size_t i) {
    return ((load_eight(name + i) ^ load_eight(slot.name.data() + i)) &
            load_eight(slot.counting.data() + i)) != 0;
  };
  return !differ(at) && !differ(at + kEight);
#endif
}

// As header_id(), of a name that is not empty and is followed by whatever, so that kNameMax bytes
// can be read.
[[nodiscard]] inline HeaderId id_in_line(const char* name, std::size_t size) {
  constexpr std::size_t kSixteen = 16;
  const Slot& slot = kTable[mix(name, size, kSeed)];
  if (slot.size != size || !agree_at(0, name, slot)) return HeaderId::other;
  const bool whole = size <= kSixteen || agree_at(kNameMax - kSixteen, name, slot);
  return whole ? slot.id : HeaderId::other;
}

}  // namespace banyan::header_table
