// shadow/noise/shape.h: what values look like, for places whose values may differ. Pure.
//
// Beneath a noisy place a real regression can hide: an empty text where ids are expected, an error
// message where a time was. So such a place is still compared by the shape of its values: their
// JSON type, their format, and roughly their length.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace banyan::shadow {

enum class Format : std::uint8_t {
  null,
  boolean,
  integer,  // JSON
  number,   // JSON, with a fraction or an exponent
  object,
  array,
  empty,   // the empty text
  digits,  // texts, from here on
  hex,
  token,  // letters, digits and what stands in ids and base64
  uuid,
  timestamp,  // RFC 3339, or a date of HTTP
  text,
  exact,  // the value itself counts: a status, a media type
};

struct Shape {
  Format format = Format::null;
  std::uint8_t length = 0;  // its class: 0 for nothing, n for 2^(n-1) to 2^n - 1 bytes
  std::uint32_t value = 0;  // a hash of it, only of Format::exact
  friend bool operator==(const Shape&, const Shape&) = default;
};

// `shown`: the value as a Difference has it. `path` says how to read it: below `$` it is JSON.
[[nodiscard]] Shape shape_of(std::string_view path, std::string_view shown);

// The shapes that one arm showed at one place.
class ShapesSeen {
 public:
  static constexpr std::size_t kExactMax = 8;
  // Lengths say something once so many were seen. Those of numbers never do.
  static constexpr std::uint32_t kLengthsFrom = 100;

  void add(const Shape& shape);
  void add(const ShapesSeen& others);
  // Whether a value of this shape is nothing new: its format, or a wider one, was seen, and its
  // length, where it has one, is at most one class off.
  [[nodiscard]] bool fits(const Shape& shape) const;
  [[nodiscard]] bool empty() const { return formats_ == 0; }

 private:
  [[nodiscard]] bool has(Format format) const {
    return (formats_ >> static_cast<unsigned>(format) & 1U) != 0;
  }
  [[nodiscard]] bool knows_value(std::uint32_t value) const;

  std::uint32_t lengths_ = 0;
  std::uint16_t formats_ = 0;
  std::uint8_t shortest_ = 255;
  std::uint8_t longest_ = 0;
  std::uint8_t exact_count_ = 0;
  std::array<std::uint32_t, kExactMax> exact_{};
};

}  // namespace banyan::shadow
