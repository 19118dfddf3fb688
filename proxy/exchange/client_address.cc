#include "proxy/exchange/client_address.h"

#include <algorithm>

namespace banyan::exchange {
namespace {

bool is_port(std::string_view text) {
  return text.size() > 1 && text[0] == ':' &&
         std::all_of(text.begin() + 1, text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

// Without brackets and port; what is neither stays as it is and is then no address.
std::string_view bare_address(std::string_view member) {
  if (member.starts_with('[')) {
    const std::size_t end = member.find(']');
    if (end == member.npos) return member;
    const std::string_view rest = member.substr(end + 1);
    return rest.empty() || is_port(rest) ? member.substr(1, end - 1) : member;
  }
  const std::size_t colon = member.find(':');
  const bool one_colon = colon != member.npos && colon == member.rfind(':');
  return one_colon && is_port(member.substr(colon)) ? member.substr(0, colon) : member;
}

bool is_trusted(std::string_view address, std::span<const IpNetwork> trusted) {
  const std::optional<IpAddress> ip = IpAddress::parse(address);
  return ip && any_contains(trusted, *ip);
}

// Calls `take` with the members of a list from the right until it answers false.
template <class F>
bool from_the_right(std::string_view list, F take) {
  while (!list.empty()) {
    const std::size_t comma = list.rfind(',');
    std::string_view member = comma == list.npos ? list : list.substr(comma + 1);
    list = comma == list.npos ? std::string_view{} : list.substr(0, comma);
    const std::size_t first = member.find_first_not_of(" \t");
    if (first == member.npos) continue;
    member = member.substr(first, member.find_last_not_of(" \t") - first + 1);
    if (!take(member)) return false;
  }
  return true;
}

}  // namespace

Client client_of(const Headers& request, std::string_view peer,
                 std::span<const IpNetwork> trusted) {
  Client client{peer, !trusted.empty() && is_trusted(peer, trusted)};
  if (!client.peer_trusted || !request.find(HeaderId::x_forwarded_for)) return client;
  int hops = 0;
  const auto step = [&](std::string_view member) {
    const std::string_view address = bare_address(member);
    const std::optional<IpAddress> ip = IpAddress::parse(address);
    if (!ip) return false;
    client.address = address;
    return ++hops < kForwardedHopsMax && any_contains(trusted, *ip);
  };
  for (std::size_t i = request.size(); i > 0; --i) {
    const Header h = request[i - 1];
    if (h.id == HeaderId::x_forwarded_for && !from_the_right(h.value, step)) break;
  }
  return client;
}

}  // namespace banyan::exchange
