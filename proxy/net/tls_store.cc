#include "proxy/net/tls_store.h"

#include <filesystem>
#include <set>
#include <utility>

#include "config/webhook.h"

namespace banyan::net {
namespace {

// What ALPN offers on either side. A client that agreed on h2 begins with its preface, as one that
// just knows.
const std::vector<std::string>& protocols_of(const config::Listener&) {
  static const std::vector<std::string> kBoth{"h2", "http/1.1"};
  return kBoth;
}
const std::vector<std::string>& protocols_of(const config::Upstream& upstream) {
  static const std::vector<std::string> kHttp1{"http/1.1"};
  static const std::vector<std::string> kHttp2{"h2"};
  return upstream.protocol == config::Protocol::http2 ? kHttp2 : kHttp1;
}

std::vector<std::string> files_of(const config::TlsServer& settings) {
  std::vector<std::string> files;
  for (const config::TlsIdentity& identity : settings.identities) {
    files.push_back(identity.certificate.text);
    files.push_back(identity.private_key.text);
  }
  if (settings.client_ca.given()) files.push_back(settings.client_ca.text);
  return files;
}
std::vector<std::string> files_of(const config::TlsClient& settings) {
  std::vector<std::string> files;
  if (settings.identity) {
    files.push_back(settings.identity->certificate.text);
    files.push_back(settings.identity->private_key.text);
  }
  if (settings.ca.given()) files.push_back(settings.ca.text);
  return files;
}

std::string read_all(const auto& settings, TlsFiles& files) {
  for (const std::string& file : files_of(settings)) static_cast<void>(files.content(file));
  return files.fingerprint();
}

// One context for each worker; the problems of the first are those of all.
template <class Context, class Make>
std::vector<std::shared_ptr<Context>> make_contexts(std::size_t workers, TlsProblems& problems,
                                                    Make make) {
  std::vector<std::shared_ptr<Context>> contexts;
  while (contexts.size() < workers) {
    auto made = make();
    if (!made) {
      problems.insert(problems.end(), made.error().begin(), made.error().end());
      return {};
    }
    contexts.push_back(std::move(*made));
  }
  return contexts;
}

auto make_listener(const config::Listener& listener, std::size_t workers, TlsFiles& files,
                   TlsProblems& problems) {
  return make_contexts<const TlsServerContext>(workers, problems, [&, key = TicketKey::random()] {
    return TlsServerContext::make(*listener.tls, key, protocols_of(listener), files);
  });
}

auto make_upstream(const config::Upstream& upstream, std::size_t workers, TlsFiles& files,
                   TlsProblems& problems) {
  return make_contexts<TlsClientContext>(workers, problems, [&] {
    return TlsClientContext::make(*upstream.tls, protocols_of(upstream), files);
  });
}

// Moves what `before` knows of `name` and need not be made again, or makes it.
template <class Entries, class Thing, class Make>
void add_entry(const Thing& thing, Entries& next, const Entries& before, SteadyTime oldest,
               SteadyTime now, Make make) {
  if (!thing.tls) return;
  TlsFiles files;
  const std::string fingerprint = read_all(*thing.tls, files);
  const auto known = before.find(thing.name);
  if (known != before.end() && known->second.fingerprint == fingerprint &&
      known->second.protocols == protocols_of(thing) && known->second.settings == *thing.tls &&
      known->second.made > oldest) {
    next.emplace(thing.name, known->second);
    return;
  }
  next.emplace(thing.name, typename Entries::mapped_type{*thing.tls, protocols_of(thing),
                                                         fingerprint, now, make(files)});
}

// The far ends of webhooks, which are spoken to by one thread.
std::vector<const config::Upstream*> webhooks_of(const config::Snapshot& snapshot) {
  std::vector<const config::Upstream*> all;
  for (const config::Migration& m : snapshot.migrations) {
    if (m.webhook != nullptr) all.push_back(&m.webhook->upstream);
  }
  return all;
}

}  // namespace

TlsProblems tls_problems(const config::Snapshot& snapshot) {
  TlsProblems problems;
  for (const config::Listener& listener : snapshot.listeners) {
    TlsFiles files;
    if (listener.tls) static_cast<void>(make_listener(listener, 1, files, problems));
  }
  for (const config::Upstream& upstream : snapshot.upstreams) {
    TlsFiles files;
    if (upstream.tls) static_cast<void>(make_upstream(upstream, 1, files, problems));
  }
  for (const config::Upstream* webhook : webhooks_of(snapshot)) {
    TlsFiles files;
    if (webhook->tls) static_cast<void>(make_upstream(*webhook, 1, files, problems));
  }
  return problems;
}

Result<TlsBooks, TlsProblems> TlsStore::load(const config::Snapshot& snapshot, SteadyTime now) {
  TlsProblems problems;
  Listeners listeners;
  Upstreams upstreams, webhooks;
  const std::size_t workers = snapshot.workers;
  for (const config::Listener& listener : snapshot.listeners) {
    add_entry(listener, listeners, listeners_, now - kTicketKeyAge, now,
              [&](TlsFiles& files) { return make_listener(listener, workers, files, problems); });
  }
  for (const config::Upstream& upstream : snapshot.upstreams) {
    add_entry(upstream, upstreams, upstreams_, SteadyTime::min(), now, [&](TlsFiles& files) {
      return make_upstream(upstream, workers + 1, files, problems);
    });
  }
  for (const config::Upstream* webhook : webhooks_of(snapshot)) {
    add_entry(*webhook, webhooks, webhooks_, SteadyTime::min(), now,
              [&](TlsFiles& files) { return make_upstream(*webhook, 1, files, problems); });
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  listeners_ = std::move(listeners);
  upstreams_ = std::move(upstreams);
  webhooks_ = std::move(webhooks);
  TlsBooks books;
  for (std::size_t i = 0; i < workers; ++i) {
    auto book = std::make_shared<TlsBook>();
    for (const auto& [name, entry] : listeners_) book->listeners.emplace(name, entry.contexts[i]);
    for (const auto& [name, entry] : upstreams_) book->upstreams.emplace(name, entry.contexts[i]);
    books.push_back(std::move(book));
  }
  return books;
}

std::shared_ptr<TlsClientContext> TlsStore::webhook(const std::string& name) const {
  const auto known = webhooks_.find(name);
  if (known == webhooks_.end() || known->second.contexts.empty()) return nullptr;
  return known->second.contexts.front();
}

std::shared_ptr<TlsClientContext> TlsStore::upstream(const std::string& name) const {
  const auto known = upstreams_.find(name);
  if (known == upstreams_.end() || known->second.contexts.empty()) return nullptr;
  return known->second.contexts.back();
}

std::string TlsStore::fingerprint() const {
  TlsFiles files;
  for (const auto& [name, entry] : listeners_) read_all(entry.settings, files);
  for (const auto& [name, entry] : upstreams_) read_all(entry.settings, files);
  for (const auto& [name, entry] : webhooks_) read_all(entry.settings, files);
  return files.fingerprint();
}

std::vector<std::string> TlsStore::directories() const {
  std::set<std::string> all;
  const auto add = [&](const std::vector<std::string>& files) {
    for (const std::string& file : files) {
      const std::string directory = std::filesystem::path(file).parent_path().string();
      all.insert(directory.empty() ? "." : directory);
    }
  };
  for (const auto& [name, entry] : listeners_) add(files_of(entry.settings));
  for (const auto& [name, entry] : upstreams_) add(files_of(entry.settings));
  for (const auto& [name, entry] : webhooks_) add(files_of(entry.settings));
  return {all.begin(), all.end()};
}

std::vector<TlsStore::Expiry> TlsStore::expiries() const {
  std::vector<Expiry> all;
  const auto add = [&](const std::string& side, const auto& entries) {
    for (const auto& [name, entry] : entries) {
      if (entry.contexts.empty()) continue;
      for (const TlsExpiry& e : entry.contexts.front()->expiries()) {
        all.push_back({side, name, e.file, e.at});
      }
    }
  };
  add("listener", listeners_);
  add("upstream", upstreams_);
  add("webhook", webhooks_);
  return all;
}

}  // namespace banyan::net
