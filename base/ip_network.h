// base/ip_network.h: IPv4 and IPv6 addresses as values, and blocks of them. Pure.
//
//   address := dotted IPv4, four decimals without leading zeros | IPv6 (RFC 4291 §2.2), no zone
//   network := address [ "/" bits ]       without bits that one address; no bit set behind them
//
// An IPv4-mapped IPv6 address (::ffff:10.0.0.1) is that IPv4 address. A network of one family holds
// none of the other.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace banyan {

class IpAddress {
 public:
  // Nothing where the text is not an address. Allocates nothing.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);

  [[nodiscard]] bool is_v4() const;
  // Of 128 bits, in network order; an IPv4 address is its IPv4-mapped one.
  [[nodiscard]] const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  friend bool operator==(const IpAddress&, const IpAddress&) = default;

 private:
  friend class IpNetwork;
  std::array<std::uint8_t, 16> bytes_{};
};

class IpNetwork {
 public:
  enum class Fault : std::uint8_t {
    not_an_address,
    not_a_length,  // not 0 to 32, of IPv6 0 to 128
    bits_behind,   // 10.0.0.1/8: one address was meant, or 10.0.0.0/8
  };

  // Leaves `out` alone where there is a fault.
  [[nodiscard]] static std::optional<Fault> parse(std::string_view text, IpNetwork& out);

  [[nodiscard]] bool contains(const IpAddress& address) const;
  friend bool operator==(const IpNetwork&, const IpNetwork&) = default;

 private:
  IpAddress first_;
  std::uint8_t bits_ = 0;  // of 128
};

[[nodiscard]] bool any_contains(std::span<const IpNetwork> networks, const IpAddress& address);

}  // namespace banyan
