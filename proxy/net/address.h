// proxy/net/address.h: socket addresses without names; nothing here asks a resolver.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace banyan::net {

class SocketAddress {
 public:
  SocketAddress() = default;
  // `host`: an IPv4 or IPv6 literal without brackets.
  [[nodiscard]] static Result<SocketAddress> parse(std::string_view host, std::uint16_t port);
  // What the system says; empty where that is neither IPv4 nor IPv6.
  [[nodiscard]] static SocketAddress of(const sockaddr* address, socklen_t size);
  [[nodiscard]] SocketAddress with_port(std::uint16_t port) const;
  // Of a bound or connected socket. Empty where the system has none to tell.
  [[nodiscard]] static SocketAddress local_of(int fd);

  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage_); }
  [[nodiscard]] socklen_t size() const;
  [[nodiscard]] std::uint16_t port() const;
  [[nodiscard]] std::string host() const;     // no port, no brackets
  [[nodiscard]] std::string to_text() const;  // `1.2.3.4:80`, `[::1]:80`

  // By family (IPv4 first), address and port.
  friend bool operator==(const SocketAddress& a, const SocketAddress& b);
  friend bool operator<(const SocketAddress& a, const SocketAddress& b);

 private:
  sockaddr_storage storage_{};
};

// Whether other sockets may be bound to the same address: several workers share one
// (SO_REUSEPORT, which would also let another process in), everything else is alone on it.
enum class Sharing : std::uint8_t { workers, nobody };

// A listening TCP socket, from which nobody accepts yet: SO_REUSEADDR, non-blocking, close-on-exec.
// The caller owns the descriptor.
[[nodiscard]] Result<int> bind_tcp(const SocketAddress& address, Sharing sharing);

}  // namespace banyan::net
