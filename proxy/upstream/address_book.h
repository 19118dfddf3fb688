// proxy/upstream/address_book.h: what host names stand for at one moment. Immutable once published.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/net/address.h"

namespace banyan::upstream {

// By host name, without ports. No addresses: none are known (yet).
using AddressBook = std::map<std::string, std::vector<net::SocketAddress>>;

// What one configured endpoint stands for, with its port.
[[nodiscard]] inline std::vector<net::SocketAddress> addresses_of(const config::Address& endpoint,
                                                                  const AddressBook* book) {
  std::vector<net::SocketAddress> all;
  if (!endpoint.is_name) {
    if (auto address = net::SocketAddress::parse(endpoint.host, endpoint.port)) {
      all.push_back(*address);
    }
    return all;
  }
  if (book == nullptr) return all;
  const auto known = book->find(endpoint.host);
  if (known == book->end()) return all;
  for (const net::SocketAddress& a : known->second) all.push_back(a.with_port(endpoint.port));
  return all;
}

}  // namespace banyan::upstream
