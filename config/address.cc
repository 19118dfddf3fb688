#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/scalar.h"

namespace banyan::config {
namespace {

auto bad(std::string message) { return tl::unexpected<std::string>(std::move(message)); }

constexpr std::string_view kForms = "expected IP:PORT, [IPv6]:PORT or localhost:PORT";
constexpr std::string_view kNoName = "a host name: only IP literals and localhost work here";
constexpr std::size_t kDnsLabelMax = 63;

// The literal in its shortest form; empty where `text` is none of this family.
std::string literal(int family, std::string_view text) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  std::array<char, INET6_ADDRSTRLEN> shown{};
  if (inet_pton(family, std::string(text).c_str(), bytes.data()) != 1) return {};
  const char* made = inet_ntop(family, bytes.data(), shown.data(), socklen_t{shown.size()});
  return made == nullptr ? std::string() : std::string(made);
}

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool is_host_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-' || c == '_';
}

bool is_digit_or_dot(char c) { return (c >= '0' && c <= '9') || c == '.'; }

// Labels of letters, digits, '-' and '_' (RFC 1035 §2.3.1, and the '_' that DNS knows as well).
bool is_dns_name(std::string_view name) {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty() || name.size() > kHostBytesMax) return false;
  std::size_t label = 0;
  for (const char c : name) {
    label = c == '.' ? 0 : label + 1;
    if (!is_host_character(lower(c)) || label > kDnsLabelMax) return false;
  }
  return name.find("..") == std::string_view::npos && !name.starts_with('.') &&
         !name.ends_with('.');
}

Read<std::string> host_name(std::string_view text) {
  if (!is_dns_name(text)) return bad("not a host: an IP address, localhost or a name in DNS");
  std::string name(text);
  std::transform(name.begin(), name.end(), name.begin(), lower);
  return name == "localhost." ? "127.0.0.1" : name;
}

enum class Names : std::uint8_t { no, yes };

Read<std::string> host_of(std::string_view text, Names names) {
  if (text == "localhost") return "127.0.0.1";
  if (text.starts_with('[') && text.ends_with(']')) {
    std::string v6 = literal(AF_INET6, text.substr(1, text.size() - 2));
    if (v6.empty()) return bad("not an IPv6 address between the brackets");
    return v6;
  }
  if (text.find(':') != std::string_view::npos) {
    return bad("an IPv6 address stands in brackets: [::1]:8080");
  }
  if (text.empty()) return bad(std::string(kForms));
  std::string v4 = literal(AF_INET, text);
  if (!v4.empty()) return v4;
  if (std::all_of(text.begin(), text.end(), is_digit_or_dot)) return bad("not an IPv4 address");
  if (names == Names::no) return bad(std::string(kNoName));
  return host_name(text);
}

Read<Address> address_of(std::string_view text, Names names) {
  const std::size_t colon = text.rfind(':');
  const bool has_port = colon != std::string_view::npos && !text.ends_with(']');
  auto host = host_of(has_port ? text.substr(0, colon) : text, names);
  if (!host) return bad(std::move(host.error()));
  if (!has_port) return bad("the port is missing: " + std::string(kForms));
  const auto port = read_count(text.substr(colon + 1));
  if (!port || *port > 65535) return bad("a port must be from 0 to 65535");
  return Address{std::move(*host), static_cast<std::uint16_t>(*port)};
}

}  // namespace

Read<Address> read_address(std::string_view text) { return address_of(text, Names::no); }

Read<Address> read_endpoint(std::string_view text) {
  auto address = address_of(text, Names::yes);
  if (address)
    address->is_name =
        literal(AF_INET, address->host).empty() && literal(AF_INET6, address->host).empty();
  return address;
}

Read<std::string> read_host(std::string_view text) {
  if (text.starts_with('[')) {
    const std::string v6 =
        text.ends_with(']') ? literal(AF_INET6, text.substr(1, text.size() - 2)) : std::string();
    if (v6.empty()) return bad("expected an IPv6 address in brackets, without a port");
    return "[" + v6 + "]";
  }
  if (text.find(':') != std::string_view::npos) return bad("a host is given without a port");
  std::string host(text.substr(0, text.size() - (text.ends_with('.') ? 1 : 0)));
  std::transform(host.begin(), host.end(), host.begin(), lower);
  const bool fits = !host.empty() && host.size() <= kHostBytesMax && !host.starts_with('.') &&
                    std::all_of(host.begin(), host.end(), is_host_character);
  if (fits) return host;
  return bad(fmt::format("not a host: 1 to {} letters, digits, dots and hyphens (no wildcards)",
                         kHostBytesMax));
}

Read<IpNetwork> read_network(std::string_view text) {
  IpNetwork network;
  const std::optional<IpNetwork::Fault> fault = IpNetwork::parse(text, network);
  if (!fault) return network;
  switch (*fault) {
    case IpNetwork::Fault::not_a_length:
      return bad("behind the / stands the number of bits: 0 to 32, of an IPv6 network 0 to 128");
    case IpNetwork::Fault::bits_behind:
      return bad("bits are set behind the network's: write its first address, or no / for one");
    case IpNetwork::Fault::not_an_address:
      break;
  }
  return bad("expected an IP address or a network such as 10.0.0.0/8 or 2001:db8::/32");
}

bool is_loopback(const Address& address) {
  return address.host.starts_with("127.") || address.host == "::1";
}

bool is_wildcard(const Address& address) {
  return address.host == "0.0.0.0" || address.host == "::";
}

std::string to_text(const Address& address) {
  const bool is_v6 = address.host.find(':') != std::string::npos;
  return is_v6 ? fmt::format("[{}]:{}", address.host, address.port)
               : fmt::format("{}:{}", address.host, address.port);
}

}  // namespace banyan::config
