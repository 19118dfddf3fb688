// tests/support/scripted_peer.h: the other end of a connection, told by a test what to do.
//
// Raw, non-blocking IPv4 loopback sockets without a thread: a test calls what it wants done
// between two turns of its loop.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace banyan::test {

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

class Peer {
 public:
  explicit Peer(int fd) : fd_(fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) | O_NONBLOCK); }
  ~Peer() { close(); }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  [[nodiscard]] static std::unique_ptr<Peer> connected_to(std::uint16_t port,
                                                          int receive_buffer = 0) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer != 0) {
      ::setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const sockaddr_in to = loopback(port);
    EXPECT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to), 0);
    return std::make_unique<Peer>(fd);
  }

  // Everything that has arrived so far, from the beginning.
  const std::string& received() {
    std::array<char, 65536> some;
    while (!over()) {
      const ssize_t n = ::recv(fd_, some.data(), some.size(), 0);
      if (n > 0) {
        received_.append(some.data(), static_cast<std::size_t>(n));
        continue;
      }
      if (n == 0) ended_ = true;
      if (n < 0 && errno != EAGAIN && errno != EINTR) reset_ = true;
      break;
    }
    return received_;
  }
  // The same, and it is forgotten.
  std::string take() {
    received();
    return std::exchange(received_, {});
  }
  bool ended() { return received(), ended_; }  // an orderly end of what it gets
  bool was_reset() { return received(), reset_; }
  bool over() const { return ended_ || reset_ || fd_ < 0; }

  // How much the kernel took.
  std::size_t send_some(std::string_view bytes) {
    const ssize_t n = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n > 0 ? static_cast<std::size_t>(n) : 0;
  }
  void send(std::string_view bytes) { EXPECT_EQ(send_some(bytes), bytes.size()); }
  void finish() { ::shutdown(fd_, SHUT_WR); }
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }
  void reset() {
    const linger now{1, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close();
  }

 private:
  int fd_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

// A socket on a free port of the loopback, or on `port`, that does not listen: who connects there
// is refused. Several may have the same port.
inline int bound_socket(std::uint16_t port = 0) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  const int on = 1;
  EXPECT_EQ(::setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on), 0);
  const sockaddr_in address = loopback(port);
  EXPECT_EQ(::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  return fd;
}

inline std::uint16_t port_of(int fd) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  return ntohs(address.sin_port);
}

// A listening socket. What connects waits until the test accepts it. Its port stays its own until
// the end, so that nothing of a test that runs beside this one is found there.
class Listening {
 public:
  explicit Listening(int backlog = 512)
      : holder_(bound_socket()), port_(port_of(holder_)), fd_(bound_socket(port_)) {
    EXPECT_EQ(::listen(fd_, backlog), 0);
  }
  ~Listening() {
    close();
    ::close(holder_);
  }
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  // nullptr where nobody waits.
  std::unique_ptr<Peer> accept() {
    const int fd = ::accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
    return fd < 0 ? nullptr : std::make_unique<Peer>(fd);
  }
  // From now on connecting to the port is refused.
  void close() {
    if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  }

 private:
  int holder_;
  std::uint16_t port_;
  int fd_;
};

// A port that refuses, for the life of the process.
inline std::uint16_t refusing_port() {
  static const std::uint16_t port = port_of(bound_socket());
  return port;
}

}  // namespace banyan::test
