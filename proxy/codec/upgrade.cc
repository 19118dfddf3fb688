#include "proxy/codec/upgrade.h"

#include <algorithm>
#include <array>

#include "base/list_member.h"

namespace banyan::codec {
namespace {

constexpr std::array<std::string_view, 5> kCarriesHttp{"h2", "h2c", "h3", "http", "tls"};

// `protocol`: a name, and maybe "/" and its version.
bool carries_http(std::string_view protocol) {
  const std::string_view name = protocol.substr(0, protocol.find('/'));
  return std::any_of(kCarriesHttp.begin(), kCarriesHttp.end(),
                     [&](std::string_view known) { return equals_ignoring_case(name, known); });
}

}  // namespace

std::string upgrade_of(const RequestHead& request) {
  std::string list;
  const bool may = request.version != HttpVersion::http10 && !request.has_body() &&
                   request.headers.has_token(HeaderId::connection, "upgrade");
  if (!may) return list;
  request.headers.for_each(HeaderId::upgrade, [&](std::string_view value) {
    for_each_list_member(value, [&](std::string_view protocol) {
      if (carries_http(protocol)) return;
      if (!list.empty()) list.append(", ");
      list.append(protocol);
    });
  });
  return list;
}

std::string_view switched_to(const Headers& response, std::string_view asked) {
  if (response.count(HeaderId::upgrade) != 1) return {};
  std::size_t protocols = 0;
  std::string_view named;
  for_each_list_member(*response.find(HeaderId::upgrade), [&](std::string_view protocol) {
    named = protocol;
    ++protocols;
  });
  bool found = false;
  for_each_list_member(asked, [&](std::string_view protocol) {
    found = found || equals_ignoring_case(protocol, named);
  });
  return found && protocols == 1 ? named : std::string_view();
}

}  // namespace banyan::codec
