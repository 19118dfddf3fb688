// proxy/net/tls_store.h: the contexts of a configuration, for every worker, and the files they come
// from.
//
// What has changed neither in the configuration nor on the disk keeps its contexts, and so its
// sessions. Control thread only; reads files.
#pragma once

#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "config/snapshot.h"
#include "proxy/net/tls_context.h"

namespace banyan::net {

// The contexts of one worker, by the names of listeners and upstreams. Immutable once published.
struct TlsBook {
  std::map<std::string, std::shared_ptr<const TlsServerContext>> listeners;
  std::map<std::string, std::shared_ptr<TlsClientContext>> upstreams;
};
using TlsBooks = std::vector<std::shared_ptr<const TlsBook>>;  // by worker

// Every problem of the files and values of TLS; for who only wants to know.
[[nodiscard]] TlsProblems tls_problems(const config::Snapshot& snapshot);

class TlsStore {
 public:
  // The key of a listener's tickets is made anew.
  static constexpr std::chrono::hours kTicketKeyAge{12};

  // All or nothing: with a problem everything stays as it was.
  [[nodiscard]] Result<TlsBooks, TlsProblems> load(const config::Snapshot& snapshot,
                                                   SteadyTime now);
  // Of the far end of a webhook, by the name of its `upstream`: for the control thread alone.
  [[nodiscard]] std::shared_ptr<TlsClientContext> webhook(const std::string& name) const;
  // Of an upstream, for the control thread alone.
  [[nodiscard]] std::shared_ptr<TlsClientContext> upstream(const std::string& name) const;
  // Changes with the files that the last load() read.
  [[nodiscard]] std::string fingerprint() const;
  // Of those files, sorted, each once.
  [[nodiscard]] std::vector<std::string> directories() const;

  struct Expiry {
    std::string side;  // `listener`, `upstream` or `webhook`
    std::string name;  // of it
    std::string file;
    WallTime at;
  };
  [[nodiscard]] std::vector<Expiry> expiries() const;
  [[nodiscard]] bool empty() const {
    return listeners_.empty() && upstreams_.empty() && webhooks_.empty();
  }

 private:
  template <class Settings, class Context>
  struct Entry {
    Settings settings;
    std::vector<std::string> protocols;
    std::string fingerprint;  // of its files
    SteadyTime made;
    std::vector<std::shared_ptr<Context>> contexts;  // by worker; upstreams have one more
  };
  using Listeners = std::map<std::string, Entry<config::TlsServer, const TlsServerContext>>;
  using Upstreams = std::map<std::string, Entry<config::TlsClient, TlsClientContext>>;

  Listeners listeners_;
  Upstreams upstreams_;
  Upstreams webhooks_;
};

}  // namespace banyan::net
