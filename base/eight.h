// base/eight.h: characters looked at side by side: sixteen in a register of SSE2, which every
// x86-64 has, else eight in a machine word.
//
// Marks say of each character whether it is what is looked for. Of eight, only the first mark is
// exact, which is all that a search needs.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

namespace banyan {

using Eight = std::uint64_t;
inline constexpr std::size_t kEight = sizeof(Eight);

[[nodiscard]] constexpr Eight eight_of(unsigned char c) { return Eight{0x0101010101010101} * c; }

// The character at `at` is the lowest byte, whatever the machine's order.
[[nodiscard]] inline Eight load_eight(const char* at) {
  Eight eight;
  std::memcpy(&eight, at, sizeof eight);
  if constexpr (std::endian::native == std::endian::big) eight = __builtin_bswap64(eight);
  return eight;
}

// Characters below `limit`, which is 1 to 0x80.
[[nodiscard]] constexpr Eight mark_below(Eight eight, unsigned char limit) {
  return (eight - eight_of(limit)) & ~eight & eight_of(0x80);
}
[[nodiscard]] constexpr Eight mark_equal(Eight eight, unsigned char c) {
  return mark_below(eight ^ eight_of(c), 1);
}
// Characters that are not ASCII.
[[nodiscard]] constexpr Eight mark_high(Eight eight) { return eight & eight_of(0x80); }

// 'A' to 'Z' as 'a' to 'z', exact in every byte: the low seven bits pass 'A' and do not pass 'Z',
// and the eighth is not set.
[[nodiscard]] constexpr Eight lower(Eight eight) {
  const Eight low = eight & eight_of(0x7F);
  const Eight from_a = low + eight_of(0x80 - 'A');
  const Eight after_z = low + eight_of(0x7F - 'Z');
  return eight | ((from_a & ~after_z & ~eight & eight_of(0x80)) >> 2);
}

#ifdef __SSE2__
struct Sixteen {
  __m128i bytes;
  friend Sixteen operator|(Sixteen a, Sixteen b) { return {_mm_or_si128(a.bytes, b.bytes)}; }
};

[[nodiscard]] inline Sixteen sixteen_of(unsigned char c) {
  return {_mm_set1_epi8(static_cast<char>(c))};
}
[[nodiscard]] inline Sixteen mark_equal(Sixteen sixteen, unsigned char c) {
  return {_mm_cmpeq_epi8(sixteen.bytes, sixteen_of(c).bytes)};
}
[[nodiscard]] inline Sixteen mark_below(Sixteen sixteen, unsigned char limit) {
  const __m128i most = sixteen_of(static_cast<unsigned char>(limit - 1)).bytes;
  return {_mm_cmpeq_epi8(_mm_min_epu8(sixteen.bytes, most), sixteen.bytes)};
}
[[nodiscard]] inline Sixteen mark_high(Sixteen sixteen) { return sixteen; }
[[nodiscard]] inline Sixteen load_sixteen(const char* at) {
  return {_mm_loadu_si128(reinterpret_cast<const __m128i*>(at))};
}
// Whether both have the same in all the bits that count.
[[nodiscard]] inline bool agree(Sixteen a, Sixteen b, Sixteen counting) {
  const __m128i differing = _mm_and_si128(_mm_xor_si128(a.bytes, b.bytes), counting.bytes);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(differing, _mm_setzero_si128())) == 0xFFFF;
}
// One bit for each mark, the lowest for the first character.
[[nodiscard]] inline unsigned bits_of(Sixteen marks) {
  return static_cast<unsigned>(_mm_movemask_epi8(marks.bytes));
}
#endif

// One to seven characters, in any order and some of them twice: enough to know that none is marked.
[[nodiscard]] inline Eight load_few(const char* at, std::size_t size) {
  if (size >= sizeof(std::uint32_t)) {
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    std::memcpy(&first, at, sizeof first);
    std::memcpy(&last, at + size - sizeof last, sizeof last);
    return first | Eight{last} << 32;
  }
  const auto byte = [at](std::size_t i) { return Eight{static_cast<unsigned char>(at[i])}; };
  return eight_of(static_cast<unsigned char>(at[0])) ^
         ((byte(0) ^ byte(size / 2)) << 8 | (byte(0) ^ byte(size - 1)) << 16);
}

#ifdef __SSE2__
// Up to fifteen characters, in any order and some of them twice, as load_few().
[[nodiscard]] inline Sixteen load_up_to_fifteen(const char* at, std::size_t size) {
  const bool is_few = size < kEight;
  const Eight first = is_few ? load_few(at, size) : load_eight(at);
  const Eight last = is_few ? first : load_eight(at + size - kEight);
  return {_mm_set_epi64x(static_cast<long long>(last), static_cast<long long>(first))};
}

// The first character in [at, end) that is marked, or `end`. `marks` makes marks of Eight and of
// Sixteen, `is_marked(char)` says the same of one.
template <class Marks, class IsMarked>
[[nodiscard]] inline const char* find_marked(const char* at, const char* end, Marks marks,
                                             IsMarked is_marked) {
  const auto size = static_cast<std::size_t>(end - at);
  if (size < sizeof(Sixteen)) {
    if (size == 0 || bits_of(marks(load_up_to_fifteen(at, size))) == 0) return end;
    return std::find_if(at, end, is_marked);
  }
  for (const char* const last = end - sizeof(Sixteen);; at += sizeof(Sixteen)) {
    at = std::min(at, last);  // the last ones with some that were looked at and are not marked
    const unsigned found = bits_of(marks(load_sixteen(at)));
    if (found != 0) return at + std::countr_zero(found);
    if (at == last) return end;
  }
}
#else
// As above.
template <class Marks, class IsMarked>
[[nodiscard]] inline const char* find_marked(const char* at, const char* end, Marks marks,
                                             IsMarked is_marked) {
  for (; end - at >= static_cast<std::ptrdiff_t>(kEight); at += kEight) {
    if (const Eight found = marks(load_eight(at)); found != 0) {
      return at + std::countr_zero(found) / 8;
    }
  }
  if (at == end || marks(load_few(at, static_cast<std::size_t>(end - at))) == 0) return end;
  return std::find_if(at, end, is_marked);
}
#endif

}  // namespace banyan
