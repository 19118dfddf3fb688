// proxy/control/tls_watch.h: certificates and CAs that change on the disk.
//
// Their directories are watched as that of the configuration is, with the same debounce and poll.
// A bad file leaves what is in force, and is said once. Control thread only.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/control/change_watch.h"
#include "proxy/net/file_watcher.h"
#include "proxy/net/loop.h"
#include "proxy/net/tls_store.h"

namespace banyan::control {

class TlsWatch {
 public:
  struct Status {
    std::vector<std::string> problems;  // of the last look; empty: all is as on the disk
    std::uint64_t taken = 0;            // changes
    std::uint64_t refused = 0;
  };

  // `changed`: due() may be sooner now.
  TlsWatch(net::Loop& loop, std::function<void()> changed)
      : loop_(loop), changed_(std::move(changed)) {}

  // A configuration that is about to be in force; nothing changes where there are problems, each
  // as `KEY: FILE: …`.
  [[nodiscard]] Result<net::TlsBooks, std::vector<std::string>> load(
      const config::Snapshot& snapshot, SteadyTime now);
  // When to look at the files next; nothing where there are none.
  [[nodiscard]] std::optional<SteadyTime> due() const;
  // Looks at them. The contexts to use from now on, where they are others.
  [[nodiscard]] std::optional<net::TlsBooks> look(const config::Snapshot& snapshot, SteadyTime now);

  // As TlsStore has it.
  [[nodiscard]] std::shared_ptr<net::TlsClientContext> webhook(const std::string& name) const {
    return store_.webhook(name);
  }
  [[nodiscard]] std::shared_ptr<net::TlsClientContext> upstream(const std::string& name) const {
    return store_.upstream(name);
  }

  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] std::vector<net::TlsStore::Expiry> expiries() const { return store_.expiries(); }

 private:
  void watch(const config::Snapshot& snapshot);

  net::Loop& loop_;
  const std::function<void()> changed_;
  net::TlsStore store_;
  std::optional<ChangeWatch> changes_;  // where there are files, and they are watched
  std::optional<SteadyTime> renew_at_;  // the keys of tickets
  std::vector<std::string> watched_;    // directories
  std::vector<std::unique_ptr<net::FileWatcher>> watchers_;
  Status status_;
};

}  // namespace banyan::control
