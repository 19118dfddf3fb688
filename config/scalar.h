// config/scalar.h: the small languages of single values. Pure; a message is for people.
//
//   duration := digits ("ms" | "s" | "m" | "h" | "d")
//   size     := digits ("B" | "KiB" | "MiB" | "GiB" | "TiB")
//   percent  := digits [ "." 1*3digit ]          0 to 100
//   rate     := digits "/" ("s" | "m" | "h")
//   address  := (IPv4 | "[" IPv6 "]" | "localhost") ":" port
//   endpoint := (IPv4 | "[" IPv6 "]" | "localhost" | host name) ":" port
//   name     := [a-z0-9][a-z0-9._-]{0,62}
//   network  := (IPv4 | IPv6) [ "/" bits ]       as base/ip_network.h
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/ip_network.h"
#include "base/result.h"
#include "base/time.h"
#include "config/snapshot.h"
#include "routing/bucket.h"

namespace banyan::config {

inline constexpr std::size_t kNameBytesMax = 63;
inline constexpr std::size_t kFlagBytesMax = 128;
inline constexpr std::size_t kHostBytesMax = 253;
inline constexpr std::size_t kFilePathBytesMax = 4095;  // PATH_MAX without its end
inline constexpr std::size_t kPathPrefixBytesMax = 1024;

// The value, or what is wrong with the text.
template <class T>
using Read = tl::expected<T, std::string>;

// Too large for the type is the largest, so that a range check says what is possible.
[[nodiscard]] Read<std::uint64_t> read_count(std::string_view text);
[[nodiscard]] Read<Milliseconds> read_duration(std::string_view text);
[[nodiscard]] Read<std::uint64_t> read_size(std::string_view text);
[[nodiscard]] Read<routing::Share> read_percent(std::string_view text);
// In a second, up to 1000.
[[nodiscard]] Read<double> read_rate(std::string_view text);

// `localhost` becomes 127.0.0.1; an IPv6 address takes its shortest form.
[[nodiscard]] Read<Address> read_address(std::string_view text);
// The same, or a host name, in lower case. A '.' at its end stays: it is then not looked for under
// the system's search list.
[[nodiscard]] Read<Address> read_endpoint(std::string_view text);
[[nodiscard]] bool is_loopback(const Address& address);
[[nodiscard]] bool is_wildcard(const Address& address);  // 0.0.0.0 or ::
[[nodiscard]] std::string to_text(const Address& address);

[[nodiscard]] Read<IpNetwork> read_network(std::string_view text);

[[nodiscard]] Read<std::string> read_name(std::string_view text);
// The path of a file or a folder, absolute or from the working directory.
[[nodiscard]] Read<std::string> read_file_path(std::string_view text);
// `unix:PATH` -> PATH, of at most kUnixPathBytesMax.
inline constexpr std::string_view kUnixScheme = "unix:";
inline constexpr std::size_t kUnixPathBytesMax = 100;
[[nodiscard]] Read<std::string> read_unix_path(std::string_view text);
// What a flag and an epoch may be called: 1 to 128 printable ASCII characters.
[[nodiscard]] Read<std::string> read_label(std::string_view text);
[[nodiscard]] Read<std::string> read_token(std::string_view text);  // RFC 9110 §5.6.2
// Lower case; without a port.
[[nodiscard]] Read<std::string> read_host(std::string_view text);
// In the form that request paths are matched in, without a '/' at the end.
[[nodiscard]] Read<std::string> read_path_prefix(std::string_view text);

// In the largest unit without a rest: `64KiB`, `90s`.
[[nodiscard]] std::string size_text(std::uint64_t bytes);
[[nodiscard]] std::string duration_text(Milliseconds duration);

}  // namespace banyan::config
