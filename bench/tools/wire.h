#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

// What the origin and the load generator share: sockets on loopback, heads of messages, a clock.
// For peers that are known: a failure that is not a peer's doing ends the tool with a message.
namespace banyan::bench {

[[noreturn]] void give_up(std::string_view what);  // says errno too, exit 1

[[nodiscard]] std::int64_t now_ns();  // monotonic

// epoll, with what each ready descriptor was registered as.
class Poller {
 public:
  Poller();
  void watch(int fd, std::uint32_t events, std::uint64_t tag);
  void change(int fd, std::uint32_t events, std::uint64_t tag);
  // What became ready until `deadline_ns` (negative: for ever); valid until the next call.
  [[nodiscard]] std::span<const epoll_event> wait(std::int64_t deadline_ns);

 private:
  int fd_;
  std::array<epoll_event, 128> ready_;
};

// A listener on 127.0.0.1, port of the kernel's choice, which is put into `port`.
[[nodiscard]] int listen_on_loopback(std::uint16_t& port);
// Connected when it returns, not blocking from then on. -1 with errno: refused, or not within 5 s.
[[nodiscard]] int connect_to_loopback(std::uint16_t port);
void prepare(int fd);  // not blocking, no delay

// The value of a header field of `head` (request or status line first, each line ending in CRLF),
// without white space around it; empty where there is none. `name` in lower case.
[[nodiscard]] std::string_view field(std::string_view head, std::string_view name);
// The number that `digits` is; `otherwise` where it is none.
[[nodiscard]] std::size_t number(std::string_view digits, std::size_t otherwise);

}  // namespace banyan::bench
