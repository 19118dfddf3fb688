// proxy/net/resolver.h: the addresses of a host name, asked of DNS. Hides c-ares.
//
// A and AAAA records; /etc/hosts and the search list of /etc/resolv.conf count as for every other
// program. Nothing here blocks a loop, work_until_idle() apart. One loop's thread only; destroying
// it drops what is under way: no answer comes afterwards.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"

struct ares_channeldata;
struct ares_addrinfo;

namespace banyan::net {

class Resolver {
 public:
  // Of one name; a server that says more is not believed.
  static constexpr std::size_t kAddressesMax = 64;
  // One try with one server, and tries with each of them (each waits twice as long).
  static constexpr Milliseconds kTryTimeout{1'000};
  static constexpr int kTries = 2;

  struct Answer {
    std::vector<SocketAddress> addresses;  // without a port; sorted, each once; empty: a failure
    Milliseconds ttl{0};                   // of the record that ends first; 0: unknown
    std::size_t left_out = 0;              // above kAddressesMax
    std::string problem;                   // of a failure, for people
  };
  using Done = std::function<void(Answer)>;

  // Without `servers`: those of /etc/resolv.conf. The error is for people.
  [[nodiscard]] static Result<std::unique_ptr<Resolver>> open(
      Loop& loop, const std::vector<SocketAddress>& servers);
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // `done` comes once, maybe from inside.
  void resolve(const std::string& host, Done done);
  // Waits, without the loop, until nothing is under way, but no longer than `max`. For the start,
  // when the loop does not run yet.
  void work_until_idle(Milliseconds max);

 private:
  struct Query;
  struct Watch;
  explicit Resolver(Loop& loop);
  void on_socket(int fd, bool readable, bool writable);
  void on_ready(int fd, bool readable, bool writable);
  void on_timer();
  void arm_timer();
  static void on_answer(Query& query, int status, ares_addrinfo* found);

  Loop& loop_;
  ares_channeldata* channel_ = nullptr;
  std::map<int, Watch*> watches_;
  std::size_t under_way_ = 0;
  Timer timer_;
};

}  // namespace banyan::net
