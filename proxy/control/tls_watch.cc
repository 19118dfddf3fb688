#include "proxy/control/tls_watch.h"

#include <algorithm>
#include <utility>

#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

std::vector<std::string> texts(const net::TlsProblems& problems) {
  std::vector<std::string> all;
  for (const net::TlsProblem& problem : problems) {
    all.push_back(problem.key + ": " + problem.message);
  }
  return all;
}

}  // namespace

Result<net::TlsBooks, std::vector<std::string>> TlsWatch::load(const config::Snapshot& snapshot,
                                                               SteadyTime now) {
  auto books = store_.load(snapshot, now);
  if (!books) return tl::unexpected(texts(books.error()));
  status_.problems.clear();
  renew_at_.reset();
  if (!store_.empty()) renew_at_ = now + net::TlsStore::kTicketKeyAge;
  const bool is_watched = snapshot.reload_watch && !store_.directories().empty();
  changes_.reset();
  if (is_watched) {
    changes_.emplace(snapshot.reload_debounce, snapshot.reload_poll, store_.fingerprint(), now);
  }
  watch(snapshot);
  return std::move(*books);
}

void TlsWatch::watch(const config::Snapshot& snapshot) {
  std::vector<std::string> directories;
  if (snapshot.reload_watch) directories = store_.directories();
  if (directories == watched_) return;
  watchers_.clear();
  for (const std::string& directory : directories) {
    auto watching = net::FileWatcher::watch(loop_, directory, [this] {
      if (changes_) changes_->on_event(std::chrono::steady_clock::now());
      changed_();
    });
    if (watching) {
      watchers_.push_back(std::move(*watching));
    } else {
      observe::log_warning("certificates are polled only: " + watching.error().detail);
    }
  }
  watched_ = std::move(directories);
}

std::optional<SteadyTime> TlsWatch::due() const {
  std::optional<SteadyTime> first = renew_at_;
  if (changes_) first = std::min(first.value_or(changes_->due()), changes_->due());
  return first;
}

std::optional<net::TlsBooks> TlsWatch::look(const config::Snapshot& snapshot, SteadyTime now) {
  const bool has_changed =
      changes_ && now >= changes_->due() && changes_->on_look(store_.fingerprint(), now);
  const bool is_old = renew_at_ && now >= *renew_at_;
  if (!has_changed && !is_old) return std::nullopt;
  if (is_old) renew_at_ = now + net::TlsStore::kTicketKeyAge;
  auto books = store_.load(snapshot, now);
  if (books) {
    status_.problems.clear();
    if (has_changed) {
      ++status_.taken;
      observe::log_info("certificates were taken that changed on the disk");
    }
    return std::move(*books);
  }
  status_.problems = texts(books.error());
  ++status_.refused;
  for (const std::string& problem : status_.problems) observe::log_error(problem);
  observe::log_error("the certificates before stay in force");
  return std::nullopt;
}

}  // namespace banyan::control
