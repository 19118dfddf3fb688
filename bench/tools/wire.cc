#include "bench/tools/wire.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace banyan::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr int kBacklog = 1024;
constexpr time_t kConnectSeconds = 5;

sockaddr* as_generic(sockaddr_in& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

}  // namespace

void give_up(std::string_view what) {
  std::fprintf(stderr, "%.*s: %s\n", static_cast<int>(what.size()), what.data(),
               std::strerror(errno));
  std::exit(1);
}

std::int64_t now_ns() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::int64_t>(now.tv_sec) * kSecond + now.tv_nsec;
}

Poller::Poller() : fd_(epoll_create1(EPOLL_CLOEXEC)), ready_() {
  if (fd_ < 0) give_up("epoll_create1");
}

void Poller::watch(int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{.events = events, .data = {.u64 = tag}};
  if (epoll_ctl(fd_, EPOLL_CTL_ADD, fd, &event) != 0) give_up("epoll_ctl");
}

void Poller::change(int fd, std::uint32_t events, std::uint64_t tag) {
  epoll_event event{.events = events, .data = {.u64 = tag}};
  if (epoll_ctl(fd_, EPOLL_CTL_MOD, fd, &event) != 0) give_up("epoll_ctl");
}

std::span<const epoll_event> Poller::wait(std::int64_t deadline_ns) {
  timespec left{};
  if (deadline_ns >= 0) {
    const std::int64_t ns = std::max<std::int64_t>(0, deadline_ns - now_ns());
    left = {.tv_sec = ns / kSecond, .tv_nsec = ns % kSecond};
  }
  const int count = epoll_pwait2(fd_, ready_.data(), static_cast<int>(ready_.size()),
                                 deadline_ns < 0 ? nullptr : &left, nullptr);
  if (count < 0 && errno != EINTR) give_up("epoll_pwait2");
  return {ready_.data(), static_cast<std::size_t>(std::max(count, 0))};
}

int listen_on_loopback(std::uint16_t& port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  if (fd < 0 || bind(fd, as_generic(address), size) != 0 || listen(fd, kBacklog) != 0 ||
      getsockname(fd, as_generic(address), &size) != 0) {
    give_up("listen");
  }
  port = ntohs(address.sin_port);
  return fd;
}

int connect_to_loopback(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) give_up("socket");
  const timeval patience{.tv_sec = kConnectSeconds, .tv_usec = 0};
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address = loopback(port);
  if (connect(fd, as_generic(address), sizeof address) != 0) {
    const int reason = errno;
    close(fd);
    errno = reason;
    return -1;
  }
  prepare(fd);
  return fd;
}

void prepare(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (fcntl(fd, F_SETFL, O_NONBLOCK) != 0) give_up("fcntl");
}

std::string_view field(std::string_view head, std::string_view name) {
  for (std::size_t end = head.find("\r\n"); end != head.npos; end = head.find("\r\n")) {
    head.remove_prefix(end + 2);
    if (head.size() > name.size() && head[name.size()] == ':' &&
        strncasecmp(head.data(), name.data(), name.size()) == 0) {
      head = head.substr(name.size() + 1);
      return trimmed(head.substr(0, head.find("\r\n")));
    }
  }
  return {};
}

std::size_t number(std::string_view digits, std::size_t otherwise) {
  std::size_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc() && stopped == end && !digits.empty() ? value : otherwise;
}

}  // namespace banyan::bench
