// proxy/worker/worker_group.h: what the control thread says to the workers.
//
// Control thread only. Messages reach a worker through its mailbox, in order; a `done` callback
// runs on the control thread once every worker has worked through it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/result.h"
#include "config/snapshot.h"
#include "proxy/net/tls_store.h"
#include "proxy/observe/stats.h"
#include "proxy/upstream/name_watch.h"
#include "routing/slots.h"
#include "shadow/difference_table.h"

namespace banyan::net {
class Loop;
}
namespace banyan::observe {
class AccessLog;
}

namespace banyan::worker {

class WorkerGroup {
 public:
  using Done = std::function<void()>;

  struct Shared {        // all outlive the group
    net::Loop& control;  // `done` runs here
    routing::Slots& slots;
    observe::StatsRegistry& stats;
    observe::AccessLog& access_log;
    shadow::DifferenceTable& differences;
    // On the control thread: counters of a migration change that were unwatched.
    std::function<void()> woken = [] {};
  };

  explicit WorkerGroup(Shared shared);
  ~WorkerGroup();  // stops and joins what still runs
  WorkerGroup(const WorkerGroup&) = delete;
  WorkerGroup& operator=(const WorkerGroup&) = delete;

  // Binds every listener and starts snapshot->workers threads. On an error nothing was started.
  [[nodiscard]] Result<void> start(std::shared_ptr<const config::Snapshot> snapshot,
                                   std::shared_ptr<const routing::FlagTable> flags,
                                   net::TlsBooks tls = {});
  // A new configuration for every exchange that begins from now on. New listeners are bound before
  // anything changes; an error (an address that can not be bound) leaves all as it was and `done`
  // is not called.
  [[nodiscard]] Result<void> publish(std::shared_ptr<const config::Snapshot> snapshot,
                                     std::shared_ptr<const routing::FlagTable> flags, Done done,
                                     net::TlsBooks tls = {});
  // Flags alone.
  void publish(std::shared_ptr<const routing::FlagTable> flags, Done done);
  // Contexts of the same configuration from other files.
  void publish(const net::TlsBooks& tls);
  // `done` after every worker has turned its loop once: a latch that was set before is then in
  // force for every request whose head arrives afterwards, and the shadows it stops are cut off.
  void turn(Done done);

  // The address that a listener is bound to, `IP:PORT` or `unix:PATH`, by name.
  [[nodiscard]] std::vector<std::pair<std::string, std::string>> addresses() const;

  // Connections are asked to close (`Connection: close`), everything is still served.
  void start_drain();
  // Stops listening, closes idle connections, lets running exchanges finish for `timeout`, then
  // cuts them. `done` gets how many were cut.
  void stop(config::milliseconds timeout, std::function<void(std::uint64_t cut)> done);

  // For status: consecutive connect failures made an endpoint unhealthy, as worker 0 sees it.
  struct EndpointHealth {
    std::string upstream;
    std::string endpoint;                // as configured
    std::vector<std::string> addresses;  // that it stands for now; none: it can not be resolved
    bool healthy = true;                 // one of them is
  };
  using Health = std::vector<EndpointHealth>;
  // `told` comes once, on the control thread, later than the call: when the worker has answered,
  // or after kHealthWaitMax with what it said last. Never waits.
  void ask_health(std::function<void(const Health&)> told);
  static constexpr Milliseconds kHealthWaitMax{200};
  // What host names stand for now.
  [[nodiscard]] std::shared_ptr<const upstream::AddressBook> book() const;
  // The host names of the endpoints.
  [[nodiscard]] std::vector<upstream::NameWatch::Name> names() const;

 private:
  class Crew;
  std::unique_ptr<Crew> crew_;
  Done cut_rest_;  // what the stop timer runs
};

}  // namespace banyan::worker
