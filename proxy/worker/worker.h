// proxy/worker/worker.h: one thread, one loop, and everything it owns.
//
//   Worker -> TcpListener, downstream::Connection -> Exchange -> lease
//          -> Cluster -> Lane -> UpstreamConnection
//          -> Shadows -> ShadowExchange
//
// Everything but the constructor, join(), ask_again() and loop().post() is for its own thread.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "proxy/comparison/comparison_pool.h"
#include "proxy/downstream/connection.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/services.h"
#include "proxy/exchange/shadows.h"
#include "proxy/net/tcp_listener.h"
#include "proxy/net/tls_store.h"
#include "proxy/upstream/cluster.h"

namespace banyan::worker {

// What the control thread resolved for one worker: pointers that live as long as the process.
struct Assignment {
  struct MigrationSlots {
    const routing::MigrationSlot* latch;
    std::size_t flag;
    observe::MigrationStats* stats;
    observe::MigrationStats* comparison_stats;
    comparison::Ledger* ledger;
  };
  std::shared_ptr<const config::Snapshot> snapshot;
  std::shared_ptr<const routing::FlagTable> flags;
  std::vector<MigrationSlots> migrations;          // as snapshot->migrations
  std::vector<observe::UpstreamStats*> upstreams;  // as snapshot->upstreams
  observe::MigrationStats* none = nullptr;
  comparison::Ledger* process_ledger = nullptr;
  shadow::RecentWrites* writes = nullptr;
  std::shared_ptr<const upstream::AddressBook> addresses;  // of the endpoints' host names
  std::shared_ptr<const net::TlsBook> tls = std::make_shared<net::TlsBook>();
  std::map<std::string, int> sockets;  // bound, of listeners that are new, by name
};

class Worker final : public downstream::Connection::Owner {
 public:
  Worker(std::size_t index, observe::WorkerStats& stats, observe::AccessLog& access_log,
         comparison::ComparisonPool& comparisons);
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  [[nodiscard]] net::Loop& loop() { return loop_; }
  // Before start_thread(): what to do when the counters of an unwatched migration change.
  void wake_with(std::function<void()> wake) { services_.wake_control = std::move(wake); }
  void start_thread();
  void join();

  void take(Assignment assignment);
  void take(std::shared_ptr<const routing::FlagTable> flags) { services_.flags = std::move(flags); }
  void take(const std::shared_ptr<const upstream::AddressBook>& addresses);
  // Any thread: both arms are asked once more, and the job goes back to the comparison.
  void ask_again(std::unique_ptr<comparison::Job> job);
  // Certificates or CAs changed on the disk.
  void take(std::shared_ptr<const net::TlsBook> tls);
  // A latch was set: shadows that it stops are cut off.
  void follow_latches() { shadows_.abandon_rolled_back(); }
  void start_drain();
  // Closes listeners and idle connections; `done` once the last exchange is over.
  void finish(std::function<void()> done);
  // Ends what is left; how many exchanges that cut.
  std::uint64_t cut();

  struct Health {
    std::string upstream;
    std::string endpoint;                // as configured
    std::vector<std::string> addresses;  // that it stands for now
    bool healthy;                        // one of them is
  };
  [[nodiscard]] std::vector<Health> health() const;

 private:
  struct OpenListener {
    std::shared_ptr<const config::Listener> settings;
    std::unique_ptr<net::TcpListener> listener;
    std::shared_ptr<const net::TlsServerContext> tls;  // given where settings->tls is
  };

  void update_clusters(const Assignment& assignment);
  void update_listeners(Assignment& assignment);
  void on_accept(const std::string& listener, std::unique_ptr<net::TcpTransport> tcp);
  template <class Accepted>
  void begin(std::unique_ptr<Accepted> connection, bool over_limit);
  [[nodiscard]] std::unique_ptr<net::Transport> dress(const OpenListener& open,
                                                      std::unique_ptr<net::TcpTransport> tcp);
  void on_connection_done(downstream::Connection& connection) override;
  void on_http2(downstream::Connection& connection,
                std::shared_ptr<const config::Listener> listener,
                std::unique_ptr<net::Transport> transport, Bytes rest) override;
  void on_proxied(downstream::Connection& connection,
                  std::shared_ptr<const config::Listener> listener,
                  std::unique_ptr<net::TcpTransport> transport, std::string rest) override;

  const std::size_t index_;
  net::Loop loop_;
  observe::WorkerStats& stats_;
  std::map<std::string, std::shared_ptr<upstream::Cluster>> clusters_;
  exchange::Shadows shadows_;
  exchange::Services services_;
  std::map<std::string, OpenListener> listeners_;
  std::shared_ptr<const net::TlsBook> tls_ = std::make_shared<net::TlsBook>();
  std::vector<std::unique_ptr<downstream::Connection>> connections_;
  std::function<void()> finished_;
  std::thread thread_;
};

}  // namespace banyan::worker
