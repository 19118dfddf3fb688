#include "proxy/worker/worker_group.h"

#include <fcntl.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <map>
#include <utility>

#include "config/scalar.h"
#include "proxy/comparison/comparison_pool.h"
#include "proxy/net/address.h"
#include "proxy/net/unix_socket.h"
#include "proxy/worker/worker.h"

namespace banyan::worker {
namespace {

// Runs `done` on `loop` once it was told as often as there are workers. Any thread.
class Countdown {
 public:
  Countdown(net::Loop& loop, std::size_t count, std::function<void()> done)
      : loop_(loop), left_(count), done_(std::move(done)) {}
  void tell() {
    if (left_.fetch_sub(1) == 1) loop_.post(std::move(done_));
  }

 private:
  net::Loop& loop_;
  std::atomic<std::size_t> left_;
  std::function<void()> done_;
};

// Connections of one socket go to whichever worker takes them first.
Result<std::vector<int>> bind_shared(const std::string& path, mode_t mode, std::size_t workers) {
  const Result<int> socket = net::bind_unix(path, mode);
  if (!socket) return tl::unexpected(socket.error());
  std::vector<int> sockets{*socket};
  while (sockets.size() < workers) {
    sockets.push_back(::fcntl(*socket, F_DUPFD_CLOEXEC, 0));
    if (sockets.back() >= 0) continue;
    const std::string why = std::strerror(errno);
    sockets.pop_back();
    for (const int fd : sockets) ::close(fd);
    return Failure({ErrorCode::internal, Side::local, Retry::unsafe, why});
  }
  return sockets;
}

}  // namespace

class WorkerGroup::Crew {
 public:
  explicit Crew(Shared shared)
      : shared_(shared),
        names_(shared.control, [this](const auto& addresses) { publish_addresses(addresses); }),
        health_timer_(net::Timer::calling<&Crew::tell_health>(shared.control.timers(), this)) {}

  // One bound socket for each worker.
  struct Bound {
    config::Address configured;
    std::string address;
    std::vector<int> sockets;
    net::SocketFile file;  // of a unix socket, which has no address
    [[nodiscard]] bool is_of(const config::Listener& listener) const {
      return listener.socket == file.path() && listener.bind == configured;
    }
  };

  Result<std::map<std::string, Bound>> bind_new(const config::Snapshot& snapshot);
  static Result<Bound> bind_one(const config::Listener& listener, std::size_t workers);
  Assignment assignment_for(std::size_t worker,
                            const std::shared_ptr<const config::Snapshot>& snapshot,
                            const std::shared_ptr<const routing::FlagTable>& flags);
  void assign(const std::shared_ptr<const config::Snapshot>& snapshot,
              const std::shared_ptr<const routing::FlagTable>& flags, const net::TlsBooks& tls,
              std::map<std::string, Bound> bound, Done done);
  template <class F>
  void tell_all(F what, Done done);
  void publish_addresses(const std::shared_ptr<const upstream::AddressBook>& addresses);
  void ask_health(std::function<void(const Health&)> told);
  void tell_health();

  Shared shared_;
  upstream::NameWatch names_;
  comparison::Ledger process_ledger_;  // both outlive every reservation: in a worker, in a queue
  std::map<std::string, comparison::Ledger> ledgers_;  // by migration
  shadow::RecentWrites writes_;
  std::unique_ptr<comparison::ComparisonPool> comparisons_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::map<std::string, Bound> listeners_;
  std::unique_ptr<net::Timer> stop_timer_;
  Health health_;  // what worker 0 said last
  std::vector<std::function<void(const Health&)>> health_waiting_;
  bool health_asked_ = false;  // one question at a time, however stuck the worker is
  net::Timer health_timer_;
};

Result<WorkerGroup::Crew::Bound> WorkerGroup::Crew::bind_one(const config::Listener& listener,
                                                             std::size_t workers) {
  Bound bound{listener.bind, {}, {}, {}};
  if (!listener.socket.empty()) {
    auto sockets = bind_shared(listener.socket, listener.socket_mode, workers);
    if (!sockets) return tl::unexpected(sockets.error());
    bound.address = std::string(config::kUnixScheme) + listener.socket;
    bound.sockets = std::move(*sockets);
    bound.file = net::SocketFile(listener.socket);
    return bound;
  }
  Result<net::SocketAddress> at = net::SocketAddress::parse(listener.bind.host, listener.bind.port);
  if (!at) return tl::unexpected(at.error());
  // Alone first: a second process on the same port must not take half of the connections.
  Result<int> socket = net::bind_tcp(*at, net::Sharing::nobody);
  if (!socket) return tl::unexpected(socket.error());
  *at = net::SocketAddress::local_of(*socket);
  bound.address = at->to_text();
  if (workers == 1) {
    bound.sockets.push_back(*socket);
    return bound;
  }
  ::close(*socket);
  for (std::size_t i = 0; i < workers; ++i) {
    socket = net::bind_tcp(*at, net::Sharing::workers);
    if (!socket) {
      for (const int fd : bound.sockets) ::close(fd);
      return tl::unexpected(socket.error());
    }
    bound.sockets.push_back(*socket);
  }
  return bound;
}

Result<std::map<std::string, WorkerGroup::Crew::Bound>> WorkerGroup::Crew::bind_new(
    const config::Snapshot& snapshot) {
  std::map<std::string, Bound> fresh;
  for (const config::Listener& listener : snapshot.listeners) {
    const auto known = listeners_.find(listener.name);
    if (known != listeners_.end() && known->second.is_of(listener)) continue;
    Result<Bound> bound = bind_one(listener, snapshot.workers);
    if (!bound) {
      for (const auto& [name, b] : fresh) {
        for (const int fd : b.sockets) ::close(fd);
      }
      Error error = bound.error();
      error.detail = "listener \"" + listener.name + "\": " + error.detail;
      return Failure(std::move(error));
    }
    fresh.emplace(listener.name, std::move(*bound));
  }
  return fresh;
}

Assignment WorkerGroup::Crew::assignment_for(
    std::size_t worker, const std::shared_ptr<const config::Snapshot>& snapshot,
    const std::shared_ptr<const routing::FlagTable>& flags) {
  Assignment a;
  a.snapshot = snapshot;
  a.flags = flags;
  observe::WorkerStats& stats = shared_.stats.worker(worker);
  observe::WorkerStats& comparison = shared_.stats.comparison();
  a.none = &stats.migration(0);
  a.process_ledger = &process_ledger_;
  a.writes = &writes_;
  a.addresses = names_.book();
  for (const config::Migration& m : snapshot->migrations) {
    const std::size_t slot = shared_.stats.migration_slot(m.name);
    a.migrations.push_back({&shared_.slots.migration(m.name), shared_.slots.flag(m.flag),
                            &stats.migration(slot), &comparison.migration(slot),
                            &ledgers_[m.name]});
  }
  for (const config::Upstream& u : snapshot->upstreams) {
    a.upstreams.push_back(&stats.upstream(shared_.stats.upstream_slot(u.name)));
  }
  return a;
}

void WorkerGroup::Crew::assign(const std::shared_ptr<const config::Snapshot>& snapshot,
                               const std::shared_ptr<const routing::FlagTable>& flags,
                               const net::TlsBooks& tls, std::map<std::string, Bound> bound,
                               Done done) {
  auto all = std::make_shared<Countdown>(shared_.control, workers_.size(), std::move(done));
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    auto assignment = std::make_shared<Assignment>(assignment_for(i, snapshot, flags));
    if (i < tls.size()) assignment->tls = tls[i];
    for (const auto& [name, b] : bound) assignment->sockets.emplace(name, b.sockets[i]);
    workers_[i]->loop().post([worker = workers_[i].get(), assignment, all] {
      worker->take(std::move(*assignment));
      all->tell();
    });
  }
  std::map<std::string, Bound> next;
  for (const config::Listener& listener : snapshot->listeners) {
    auto fresh = bound.extract(listener.name);
    const auto kept =
        next.insert(fresh.empty() ? listeners_.extract(listener.name) : std::move(fresh)).position;
    kept->second.file.set_mode(listener.socket_mode);
  }
  listeners_ = std::move(next);
}

template <class F>
void WorkerGroup::Crew::tell_all(F what, Done done) {
  auto all = std::make_shared<Countdown>(shared_.control, workers_.size(), std::move(done));
  for (const auto& worker : workers_) {
    worker->loop().post([w = worker.get(), what, all] { what(*w, all); });
  }
}

void WorkerGroup::Crew::publish_addresses(
    const std::shared_ptr<const upstream::AddressBook>& addresses) {
  for (const auto& worker : workers_) {
    worker->loop().post([w = worker.get(), addresses] { w->take(addresses); });
  }
}

WorkerGroup::WorkerGroup(Shared shared) : crew_(std::make_unique<Crew>(shared)) {}

WorkerGroup::~WorkerGroup() {
  for (const auto& worker : crew_->workers_) worker->join();
  if (crew_->comparisons_) crew_->comparisons_->ask_no_more();
}

Result<void> WorkerGroup::start(std::shared_ptr<const config::Snapshot> snapshot,
                                std::shared_ptr<const routing::FlagTable> flags,
                                net::TlsBooks tls) {
  auto bound = crew_->bind_new(*snapshot);
  if (!bound) return tl::unexpected(bound.error());
  crew_->names_.watch(*snapshot);
  crew_->comparisons_ =
      std::make_unique<comparison::ComparisonPool>(snapshot->workers, crew_->shared_.differences);
  crew_->comparisons_->make_room_for(*snapshot);
  for (std::size_t i = 0; i < snapshot->workers; ++i) {
    crew_->workers_.push_back(std::make_unique<Worker>(
        i, crew_->shared_.stats.worker(i), crew_->shared_.access_log, *crew_->comparisons_));
    crew_->comparisons_->ask_through(
        i, [worker = crew_->workers_.back().get()](std::unique_ptr<comparison::Job> job) {
          worker->ask_again(std::move(job));
        });
    crew_->workers_.back()->wake_with(
        [&shared = crew_->shared_] { shared.control.post([&shared] { shared.woken(); }); });
  }
  crew_->assign(snapshot, flags, tls, std::move(*bound),
                [] {});  // taken as the first thing they do
  for (const auto& worker : crew_->workers_) worker->start_thread();
  return {};
}

Result<void> WorkerGroup::publish(std::shared_ptr<const config::Snapshot> snapshot,
                                  std::shared_ptr<const routing::FlagTable> flags, Done done,
                                  net::TlsBooks tls) {
  auto bound = crew_->bind_new(*snapshot);
  if (!bound) return tl::unexpected(bound.error());
  crew_->names_.watch(*snapshot);
  crew_->comparisons_->make_room_for(*snapshot);
  crew_->assign(snapshot, flags, tls, std::move(*bound), std::move(done));
  return {};
}

void WorkerGroup::publish(std::shared_ptr<const routing::FlagTable> flags, Done done) {
  crew_->tell_all(
      [flags](Worker& worker, const auto& all) {
        worker.take(flags);
        all->tell();
      },
      std::move(done));
}

void WorkerGroup::publish(const net::TlsBooks& tls) {
  for (std::size_t i = 0; i < crew_->workers_.size() && i < tls.size(); ++i) {
    Worker& worker = *crew_->workers_[i];
    worker.loop().post([&worker, book = tls[i]] { worker.take(book); });
  }
}

void WorkerGroup::turn(Done done) {
  // Told in the iteration after the one that is running: what it decided before has left by then.
  crew_->tell_all(
      [](Worker& worker, const auto& all) {
        worker.follow_latches();
        worker.loop().post([all] { all->tell(); });
      },
      std::move(done));
}

std::vector<std::pair<std::string, std::string>> WorkerGroup::addresses() const {
  std::vector<std::pair<std::string, std::string>> all;
  for (const auto& [name, bound] : crew_->listeners_) all.emplace_back(name, bound.address);
  return all;
}

void WorkerGroup::start_drain() {
  crew_->tell_all(
      [](Worker& worker, const auto& all) {
        worker.start_drain();
        all->tell();
      },
      [] {});
}

void WorkerGroup::stop(config::milliseconds timeout, std::function<void(std::uint64_t)> done) {
  for (auto& [name, bound] : crew_->listeners_) bound.file.remove();
  auto over = std::make_shared<bool>(false);
  auto finished = [this, over, done](std::uint64_t cut) {
    if (std::exchange(*over, true)) return;
    crew_->stop_timer_.reset();
    done(cut);
  };
  auto cut_rest = [this, finished] {
    auto cut = std::make_shared<std::atomic<std::uint64_t>>(0);
    crew_->tell_all(
        [cut](Worker& worker, const auto& all) {
          cut->fetch_add(worker.cut());
          all->tell();
        },
        [cut, finished] { finished(cut->load()); });
  };
  // The timer calls through a plain pointer, so what it runs is kept beside it.
  cut_rest_ = std::move(cut_rest);
  crew_->stop_timer_ = std::make_unique<net::Timer>(
      crew_->shared_.control.timers(), [](void* f) { (*static_cast<Done*>(f))(); }, &cut_rest_);
  crew_->stop_timer_->set_in(timeout);
  crew_->tell_all([](Worker& worker, const auto& all) { worker.finish([all] { all->tell(); }); },
                  [finished] { finished(0); });
}

void WorkerGroup::ask_health(std::function<void(const Health&)> told) {
  crew_->ask_health(std::move(told));
}

void WorkerGroup::Crew::ask_health(std::function<void(const Health&)> told) {
  health_waiting_.push_back(std::move(told));
  if (health_waiting_.size() == 1) health_timer_.set_in(kHealthWaitMax);
  if (workers_.empty() || std::exchange(health_asked_, true)) return;
  Worker& first = *workers_.front();
  first.loop().post([this, &first] {
    auto all = std::make_shared<Health>();
    for (Worker::Health& h : first.health()) {
      all->push_back(
          {std::move(h.upstream), std::move(h.endpoint), std::move(h.addresses), h.healthy});
    }
    shared_.control.post([this, all] {
      health_asked_ = false;
      health_ = std::move(*all);
      tell_health();
    });
  });
}

void WorkerGroup::Crew::tell_health() {
  health_timer_.cancel();
  const auto waiting = std::exchange(health_waiting_, {});
  for (const auto& told : waiting) told(health_);
}

std::shared_ptr<const upstream::AddressBook> WorkerGroup::book() const {
  return crew_->names_.book();
}

std::vector<upstream::NameWatch::Name> WorkerGroup::names() const { return crew_->names_.names(); }

}  // namespace banyan::worker
