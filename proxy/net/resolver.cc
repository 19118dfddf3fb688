#include "proxy/net/resolver.h"

#include <ares.h>
#include <poll.h>
#include <sys/time.h>
#include <uv.h>

#include <algorithm>
#include <utility>

namespace banyan::net {

struct Resolver::Query {
  Resolver* owner;
  Done done;
};

// A socket of c-ares that the loop looks at.
struct Resolver::Watch {
  uv_poll_t poll;
  Resolver* owner;
  int fd;
  int events;
};

namespace {

Failure failure(int status) {
  return Failure(
      {ErrorCode::internal, Side::local, Retry::unsafe, std::string(ares_strerror(status))});
}

// Once for the process; c-ares counts.
int initialise_library() {
  static const int status = ares_library_init(ARES_LIB_INIT_ALL);
  return status;
}

struct FreeFound {
  void operator()(ares_addrinfo* found) const { ares_freeaddrinfo(found); }
};

Milliseconds shortest_ttl(const ares_addrinfo& found) {
  int seconds = std::numeric_limits<int>::max();
  for (const auto* n = found.nodes; n != nullptr; n = n->ai_next) {
    seconds = std::min(seconds, n->ai_ttl);
  }
  for (const auto* c = found.cnames; c != nullptr; c = c->next) seconds = std::min(seconds, c->ttl);
  return std::chrono::seconds(std::max(seconds, 0));
}

Resolver::Answer answer_of(const ares_addrinfo& found) {
  Resolver::Answer answer;
  for (const auto* n = found.nodes; n != nullptr; n = n->ai_next) {
    if (n->ai_family != AF_INET && n->ai_family != AF_INET6) continue;
    answer.addresses.push_back(SocketAddress::of(n->ai_addr, n->ai_addrlen));
  }
  // DNS turns its answers round: sorted, equal ones are seen to be equal.
  std::sort(answer.addresses.begin(), answer.addresses.end());
  const auto last = std::unique(answer.addresses.begin(), answer.addresses.end());
  answer.addresses.erase(last, answer.addresses.end());
  if (answer.addresses.size() > Resolver::kAddressesMax) {
    answer.left_out = answer.addresses.size() - Resolver::kAddressesMax;
    answer.addresses.resize(Resolver::kAddressesMax);
  }
  answer.ttl = shortest_ttl(found);
  if (answer.addresses.empty()) answer.problem = ares_strerror(ARES_ENODATA);
  return answer;
}

}  // namespace

Resolver::Resolver(Loop& loop)
    : loop_(loop), timer_(Timer::calling<&Resolver::on_timer>(loop.timers(), this)) {}

Result<std::unique_ptr<Resolver>> Resolver::open(Loop& loop,
                                                 const std::vector<SocketAddress>& servers) {
  if (const int status = initialise_library(); status != ARES_SUCCESS) return failure(status);
  std::unique_ptr<Resolver> resolver(new Resolver(loop));
  ares_options options{};
  options.timeout = static_cast<int>(kTryTimeout.count());
  options.tries = kTries;
  options.sock_state_cb_data = resolver.get();
  options.sock_state_cb = [](void* self, ares_socket_t fd, int readable, int writable) {
    static_cast<Resolver*>(self)->on_socket(fd, readable != 0, writable != 0);
  };
  const int given = ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES | ARES_OPT_SOCK_STATE_CB;
  int status = ares_init_options(&resolver->channel_, &options, given);
  if (status != ARES_SUCCESS) return failure(status);
  std::string list;
  for (const SocketAddress& server : servers) list += (list.empty() ? "" : ",") + server.to_text();
  if (!list.empty()) status = ares_set_servers_ports_csv(resolver->channel_, list.c_str());
  if (status != ARES_SUCCESS) return failure(status);
  return resolver;
}

Resolver::~Resolver() {
  if (channel_ != nullptr) ares_destroy(channel_);
  while (!watches_.empty()) on_socket(watches_.begin()->first, false, false);
}

void Resolver::resolve(const std::string& host, Done done) {
  ++under_way_;
  ares_addrinfo_hints hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = ARES_AI_NOSORT;
  ares_getaddrinfo(
      channel_, host.c_str(), nullptr, &hints,
      [](void* query, int status, int, ares_addrinfo* found) {
        on_answer(*static_cast<Query*>(query), status, found);
      },
      new Query{this, std::move(done)});
  arm_timer();
}

void Resolver::on_answer(Query& query, int status, ares_addrinfo* found) {
  const std::unique_ptr<Query> ended(&query);
  const std::unique_ptr<ares_addrinfo, FreeFound> freed(found);
  --ended->owner->under_way_;
  if (status == ARES_EDESTRUCTION) return;
  Answer answer;
  if (status == ARES_SUCCESS && found != nullptr) {
    answer = answer_of(*found);
  } else {
    answer.problem = ares_strerror(status);
  }
  ended->done(std::move(answer));
}

void Resolver::on_socket(int fd, bool readable, bool writable) {
  auto at = watches_.find(fd);
  if (!readable && !writable) {
    if (at == watches_.end()) return;
    // Before c-ares closes the descriptor: another one may get its number.
    uv_poll_stop(&at->second->poll);
    at->second->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&at->second->poll),
             [](uv_handle_t* h) { delete static_cast<Watch*>(h->data); });
    watches_.erase(at);
    return;
  }
  if (at == watches_.end()) {
    auto* watch = new Watch{{}, this, fd, 0};
    uv_poll_init_socket(loop_.uv(), &watch->poll, fd);
    watch->poll.data = watch;
    at = watches_.emplace(fd, watch).first;
  }
  Watch& watch = *at->second;
  watch.events = (readable ? UV_READABLE : 0) | (writable ? UV_WRITABLE : 0);
  uv_poll_start(&watch.poll, watch.events, [](uv_poll_t* poll, int status, int events) {
    const auto& ready = *static_cast<Watch*>(poll->data);
    if (ready.owner == nullptr) return;
    // An error is found out by reading.
    ready.owner->on_ready(ready.fd, status < 0 || (events & UV_READABLE) != 0,
                          (events & UV_WRITABLE) != 0);
  });
}

void Resolver::on_ready(int fd, bool readable, bool writable) {
  ares_process_fd(channel_, readable ? fd : ARES_SOCKET_BAD, writable ? fd : ARES_SOCKET_BAD);
  arm_timer();
}

void Resolver::on_timer() {
  ares_process_fd(channel_, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
  arm_timer();
}

void Resolver::arm_timer() {
  timeval left{};
  if (ares_timeout(channel_, nullptr, &left) == nullptr) return timer_.cancel();
  timer_.set_in(std::chrono::ceil<Milliseconds>(std::chrono::seconds(left.tv_sec) +
                                                std::chrono::microseconds(left.tv_usec)));
}

void Resolver::work_until_idle(Milliseconds max) {
  const auto end = std::chrono::steady_clock::now() + max;
  while (under_way_ > 0) {
    const auto left =
        std::chrono::ceil<Milliseconds>(end - std::chrono::steady_clock::now()).count();
    if (left <= 0) break;
    std::vector<pollfd> fds;
    for (const auto& [fd, watch] : watches_) {
      const auto wanted = ((watch->events & UV_READABLE) != 0 ? POLLIN : 0) |
                          ((watch->events & UV_WRITABLE) != 0 ? POLLOUT : 0);
      fds.push_back({fd, static_cast<short>(wanted), 0});
    }
    timeval most{left / 1'000, (left % 1'000) * 1'000};
    timeval next{};
    const timeval* wait = ares_timeout(channel_, &most, &next);
    ::poll(fds.data(), fds.size(), static_cast<int>(wait->tv_sec * 1'000 + wait->tv_usec / 1'000));
    for (const pollfd& p : fds) {
      const bool readable = (p.revents & (POLLIN | POLLERR | POLLHUP)) != 0;
      const bool writable = (p.revents & POLLOUT) != 0;
      if (readable || writable) on_ready(p.fd, readable, writable);
    }
    on_timer();
  }
}

}  // namespace banyan::net
