#include "proxy/codec/proxy_header.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "base/ip_network.h"

namespace banyan::codec {
namespace {

using Step = ProxyHeader::Step;

ProxyHeader refused(const char* fault) { return {Step::refused, fault}; }

// One form for each address, whatever the header wrote: `sticky: client_ip` rests on it.
std::string text_of(const IpAddress& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  constexpr std::size_t kMappedAt = 12;
  const std::uint8_t* const bytes = address.bytes().data();
  const bool v4 = address.is_v4();
  inet_ntop(v4 ? AF_INET : AF_INET6, v4 ? bytes + kMappedAt : bytes, text.data(), text.size());
  return text.data();
}

bool agrees(Bytes in, Bytes beginning) {
  const std::size_t n = std::min(in.size(), beginning.size());
  return in.substr(0, n) == beginning.substr(0, n);
}

// ---- version 1 --------------------------------------------------------------------------------

constexpr Bytes kLineStart = "PROXY ";

// What stands before the next space, and that space, off the front of `line`.
Bytes take_word(Bytes& line) {
  const std::size_t end = std::min(line.find(' '), line.size());
  const Bytes word = line.substr(0, end);
  line.remove_prefix(std::min(end + 1, line.size()));
  return word;
}

std::optional<IpAddress> address_in(Bytes text, bool v6) {
  const bool looks_v6 = text.find(':') != text.npos;
  return looks_v6 == v6 ? IpAddress::parse(text) : std::nullopt;
}

bool is_port(Bytes text) {
  constexpr unsigned kPortMax = 65'535;
  unsigned port = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool digits = !text.empty() && read.ec == std::errc() && read.ptr == text.end();
  return digits && port <= kPortMax && (text.size() == 1 || text.front() != '0');
}

// `line` without its end.
ProxyHeader read_line(Bytes line, std::size_t size) {
  const auto is_text = [](char c) { return c >= ' ' && c <= '~'; };
  if (!std::all_of(line.begin(), line.end(), is_text)) return refused("a character");
  line.remove_prefix(kLineStart.size());
  const bool ends_in_space = line.ends_with(' ');
  const Bytes family = take_word(line);
  if (family == "UNKNOWN") return {Step::complete, "", size};
  const bool v6 = family == "TCP6";
  if (!v6 && family != "TCP4") return refused("the family");
  const auto source = address_in(take_word(line), v6);
  if (!source || !address_in(take_word(line), v6)) return refused("an address");
  const bool ports = is_port(take_word(line)) && is_port(take_word(line));
  if (!ports || !line.empty() || ends_in_space) return refused("a port");
  return {Step::complete, "", size, text_of(*source)};
}

ProxyHeader read_version_1(Bytes in) {
  const Bytes head = in.substr(0, kProxyLineBytesMax);
  const std::size_t end = head.find('\n');
  if (end == head.npos) {
    return head.size() == kProxyLineBytesMax ? refused("too long") : ProxyHeader{};
  }
  if (head[end - 1] != '\r') return refused("the line's end");
  return read_line(head.substr(0, end - 1), end + 1);
}

// ---- version 2 --------------------------------------------------------------------------------

constexpr Bytes kSignature{"\r\n\r\n\0\r\nQUIT\n", 12};
constexpr std::size_t kFixedSize = 16;  // with command, family and length

std::uint8_t byte(Bytes in, std::size_t at) { return static_cast<std::uint8_t>(in[at]); }
std::size_t length_at(Bytes in, std::size_t at) {
  return std::size_t{byte(in, at)} << 8U | byte(in, at + 1);
}

enum class Command : std::uint8_t { local = 0x20, proxy = 0x21 };
enum class Family : std::uint8_t { unspecified = 0x00, tcp4 = 0x11, tcp6 = 0x21, local = 0x31 };

// Of both addresses and ports; nothing for a family that does not come over a stream.
std::optional<std::size_t> addresses_size(Family family) {
  switch (family) {
    case Family::unspecified:
      return 0;
    case Family::tcp4:
      return 12;
    case Family::tcp6:
      return 36;
    case Family::local:
      return 216;
  }
  return std::nullopt;
}

// Nothing in them is asked for, but they must end where the header ends.
bool are_whole(Bytes tlvs) {
  constexpr std::size_t kTlvHeadSize = 3;
  while (!tlvs.empty()) {
    if (tlvs.size() < kTlvHeadSize) return false;
    const std::size_t size = kTlvHeadSize + length_at(tlvs, 1);
    if (size > tlvs.size()) return false;
    tlvs.remove_prefix(size);
  }
  return true;
}

std::optional<IpAddress> source_of(Family family, Bytes addresses) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int af = family == Family::tcp4 ? AF_INET : AF_INET6;
  if (family != Family::tcp4 && family != Family::tcp6) return std::nullopt;
  inet_ntop(af, addresses.data(), text.data(), text.size());
  return IpAddress::parse(text.data());
}

ProxyHeader read_addresses(Family family, Bytes rest, std::size_t size) {
  const std::optional<std::size_t> wanted = addresses_size(family);
  if (!wanted) return refused("the family");
  if (rest.size() < *wanted) return refused("too short for its addresses");
  // Whatever an unspecified family brings is to be ignored.
  if (family != Family::unspecified && !are_whole(rest.substr(*wanted))) return refused("a TLV");
  const std::optional<IpAddress> source = source_of(family, rest);
  return {Step::complete, "", size, source ? text_of(*source) : ""};
}

ProxyHeader read_version_2(Bytes in) {
  constexpr std::size_t kCommandAt = 12;
  constexpr std::size_t kFamilyAt = 13;
  constexpr std::size_t kLengthAt = 14;
  if (in.size() <= kCommandAt) return {};
  const Command command{byte(in, kCommandAt)};
  if (command != Command::local && command != Command::proxy) {
    return refused("the version or the command");
  }
  if (in.size() < kFixedSize) return {};
  const std::size_t size = kFixedSize + length_at(in, kLengthAt);
  if (size > kProxyHeaderBytesMax) return refused("too long");
  if (in.size() < size) return {};
  if (command == Command::local) return {Step::complete, "", size};
  return read_addresses(Family{byte(in, kFamilyAt)}, in.substr(kFixedSize, size - kFixedSize),
                        size);
}

}  // namespace

ProxyHeader read_proxy_header(Bytes in) {
  if (in.empty()) return {};
  const bool is_line = in.front() == kLineStart.front();
  const Bytes beginning = is_line ? kLineStart : kSignature;
  if (!agrees(in, beginning)) return refused("no PROXY protocol");
  if (in.size() < beginning.size()) return {};
  return is_line ? read_version_1(in) : read_version_2(in);
}

}  // namespace banyan::codec
