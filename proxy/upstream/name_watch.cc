#include "proxy/upstream/name_watch.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "config/webhook.h"
#include "proxy/net/name_refresh.h"
#include "proxy/observe/logging.h"

namespace banyan::upstream {
namespace {

// The host names of all upstreams and webhooks.
std::set<std::string> hosts_of(const config::Snapshot& snapshot) {
  std::set<std::string> hosts;
  const auto add = [&](const config::Upstream& upstream) {
    for (const config::Address& endpoint : upstream.endpoints) {
      if (endpoint.is_name) hosts.insert(endpoint.host);
    }
  };
  for (const config::Upstream& upstream : snapshot.upstreams) add(upstream);
  for (const config::Migration& migration : snapshot.migrations) {
    if (migration.webhook != nullptr) add(migration.webhook->upstream);
  }
  return hosts;
}

}  // namespace

struct NameWatch::Entry {
  Entry(NameWatch& watch, std::string name)
      : owner(watch),
        host(std::move(name)),
        timer(net::Timer::calling<&Entry::on_timer>(watch.loop_.timers(), this)) {}
  void on_timer() { owner.ask(*this); }

  NameWatch& owner;
  const std::string host;
  std::vector<net::SocketAddress> addresses;
  std::uint64_t answers = 0;
  std::uint64_t failures = 0;
  std::uint32_t failed_in_a_row = 0;
  std::string problem;
  net::Timer timer;  // until it is asked for again
};

NameWatch::NameWatch(net::Loop& loop, Changed changed)
    : loop_(loop), changed_(std::move(changed)) {}

NameWatch::~NameWatch() = default;

void NameWatch::watch(const config::Snapshot& snapshot) {
  std::map<std::string, std::unique_ptr<Entry>> next;
  std::vector<Entry*> fresh;
  for (const std::string& host : hosts_of(snapshot)) {
    auto known = entries_.extract(host);
    const bool is_new = known.empty();
    auto& entry = next[host] =
        is_new ? std::make_unique<Entry>(*this, host) : std::move(known.mapped());
    if (is_new) fresh.push_back(entry.get());
  }
  const bool other_servers = servers_ != snapshot.resolver_servers;
  servers_ = snapshot.resolver_servers;
  // What is under way for names that are gone ends with the resolver that asked.
  const bool anew = other_servers || !entries_.empty() || resolver_ == nullptr;
  entries_ = std::move(next);
  watching_ = true;
  if (anew) {
    resolver_.reset();
    open_resolver();
    for (const auto& [host, entry] : entries_) ask(*entry);
  } else {
    for (Entry* entry : fresh) ask(*entry);
  }
  if (resolver_ != nullptr && !fresh.empty()) resolver_->work_until_idle(kFirstAnswersMax);
  watching_ = false;
  write_book();
}

void NameWatch::open_resolver() {
  if (entries_.empty()) return;
  std::vector<net::SocketAddress> servers;
  for (const config::Address& server : servers_) {
    if (auto at = net::SocketAddress::parse(server.host, server.port)) servers.push_back(*at);
  }
  auto opened = net::Resolver::open(loop_, servers);
  if (opened) {
    resolver_ = std::move(*opened);
  } else {
    observe::log_error("host names can not be resolved: " + opened.error().detail);
  }
}

void NameWatch::ask(Entry& entry) {
  entry.timer.cancel();
  if (resolver_ == nullptr) return;
  resolver_->resolve(entry.host,
                     [this, &entry](net::Resolver::Answer a) { on_answer(entry, std::move(a)); });
}

void NameWatch::on_answer(Entry& entry, net::Resolver::Answer answer) {
  if (answer.addresses.empty()) {
    ++entry.failures;
    entry.timer.set_in(net::refresh_after_failure(++entry.failed_in_a_row));
    if (answer.problem != std::exchange(entry.problem, answer.problem)) {
      observe::log_warning(fmt::format("{} can not be resolved: {}; {} known addresses stay",
                                       entry.host, answer.problem, entry.addresses.size()));
    }
    return;
  }
  ++entry.answers;
  entry.failed_in_a_row = 0;
  entry.problem.clear();
  entry.timer.set_in(net::refresh_after_answer(answer.ttl));
  if (entry.addresses == answer.addresses) return;
  entry.addresses = std::move(answer.addresses);
  observe::log_info(fmt::format("{} stands for {} addresses{}", entry.host, entry.addresses.size(),
                                answer.left_out == 0
                                    ? std::string()
                                    : fmt::format(", {} more are left out", answer.left_out)));
  if (watching_) return;
  write_book();
  changed_(book_);
}

void NameWatch::write_book() {
  auto book = std::make_shared<AddressBook>();
  for (const auto& [host, entry] : entries_) book->emplace(host, entry->addresses);
  book_ = std::move(book);
}

std::vector<NameWatch::Name> NameWatch::names() const {
  std::vector<Name> all;
  for (const auto& [host, entry] : entries_) {
    Name& name = all.emplace_back(Name{host, {}, entry->answers, entry->failures, entry->problem});
    for (const net::SocketAddress& address : entry->addresses) {
      name.addresses.push_back(address.host());
    }
  }
  return all;
}

}  // namespace banyan::upstream
