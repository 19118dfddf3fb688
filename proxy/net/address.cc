#include "proxy/net/address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace banyan::net {
namespace {

constexpr int kListenBacklog = 1024;

Failure local_failure(std::string detail) {
  return Failure({ErrorCode::internal, Side::local, Retry::unsafe, std::move(detail)});
}

const sockaddr_in& v4(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in*>(a); }
const sockaddr_in6& v6(const sockaddr* a) { return *reinterpret_cast<const sockaddr_in6*>(a); }

}  // namespace

Result<SocketAddress> SocketAddress::parse(std::string_view host, std::uint16_t port) {
  SocketAddress address;
  const std::string text(host);
  auto* in4 = reinterpret_cast<sockaddr_in*>(&address.storage_);
  auto* in6 = reinterpret_cast<sockaddr_in6*>(&address.storage_);
  if (inet_pton(AF_INET, text.c_str(), &in4->sin_addr) == 1) {
    in4->sin_family = AF_INET;
    in4->sin_port = htons(port);
    return address;
  }
  if (inet_pton(AF_INET6, text.c_str(), &in6->sin6_addr) == 1) {
    in6->sin6_family = AF_INET6;
    in6->sin6_port = htons(port);
    return address;
  }
  return local_failure("\"" + text + "\" is not an IP address");
}

SocketAddress SocketAddress::of(const sockaddr* address, socklen_t size) {
  SocketAddress made;
  const bool known = address->sa_family == AF_INET || address->sa_family == AF_INET6;
  if (known && size <= sizeof made.storage_) std::memcpy(&made.storage_, address, size);
  return made;
}

SocketAddress SocketAddress::with_port(std::uint16_t port) const {
  SocketAddress made = *this;
  if (storage_.ss_family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&made.storage_)->sin_port = htons(port);
  } else if (storage_.ss_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(&made.storage_)->sin6_port = htons(port);
  }
  return made;
}

SocketAddress SocketAddress::local_of(int fd) {
  SocketAddress address;
  socklen_t size = sizeof address.storage_;
  if (getsockname(fd, address.get(), &size) != 0) return {};
  return address;
}

socklen_t SocketAddress::size() const {
  return storage_.ss_family == AF_INET6 ? sizeof(sockaddr_in6) : sizeof(sockaddr_in);
}

std::uint16_t SocketAddress::port() const {
  if (storage_.ss_family == AF_INET6) return ntohs(v6(get()).sin6_port);
  return storage_.ss_family == AF_INET ? ntohs(v4(get()).sin_port) : std::uint16_t{0};
}

std::string SocketAddress::host() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const void* ip = storage_.ss_family == AF_INET6 ? static_cast<const void*>(&v6(get()).sin6_addr)
                                                  : static_cast<const void*>(&v4(get()).sin_addr);
  if (storage_.ss_family != AF_INET && storage_.ss_family != AF_INET6) return {};
  inet_ntop(storage_.ss_family, ip, text.data(), text.size());
  return text.data();
}

std::string SocketAddress::to_text() const {
  if (storage_.ss_family == AF_INET6) {
    return "[" + host() + "]:" + std::to_string(ntohs(v6(get()).sin6_port));
  }
  if (storage_.ss_family == AF_INET)
    return host() + ":" + std::to_string(ntohs(v4(get()).sin_port));
  return {};
}

namespace {

// Less than, equal to or more than 0, as memcmp.
int compare(const SocketAddress& a, const SocketAddress& b) {
  const sa_family_t family = a.get()->sa_family;
  if (family != b.get()->sa_family) return family < b.get()->sa_family ? -1 : 1;
  const int by_ip = family == AF_INET6
                        ? std::memcmp(&v6(a.get()).sin6_addr, &v6(b.get()).sin6_addr, 16)
                        : std::memcmp(&v4(a.get()).sin_addr, &v4(b.get()).sin_addr, 4);
  return by_ip != 0 ? by_ip : int{a.port()} - int{b.port()};
}

}  // namespace

bool operator==(const SocketAddress& a, const SocketAddress& b) { return compare(a, b) == 0; }
bool operator<(const SocketAddress& a, const SocketAddress& b) { return compare(a, b) < 0; }

Result<int> bind_tcp(const SocketAddress& address, Sharing sharing) {
  const int fd =
      ::socket(address.get()->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_TCP);
  if (fd < 0) return local_failure(std::string("socket: ") + std::strerror(errno));
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (sharing == Sharing::workers) {
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
  }
  if (address.get()->sa_family == AF_INET6) {
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  // Listening at once: what is bound by two is found now, and nobody who is told the address is
  // refused.
  if (::bind(fd, address.get(), address.size()) != 0 || ::listen(fd, kListenBacklog) != 0) {
    const std::string why = std::strerror(errno);
    ::close(fd);
    return local_failure("can not bind " + address.to_text() + ": " + why);
  }
  return fd;
}

}  // namespace banyan::net
