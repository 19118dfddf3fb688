#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "config/draft.h"

namespace banyan::config {
namespace {

void refuse_repeated_name(const Word& word, std::map<std::string_view, const Word*>& seen,
                          Problems& problems) {
  if (word.text.empty()) return;
  const auto [first, is_new] = seen.try_emplace(word.text, &word);
  if (is_new) return;
  problems.add(word.at, word.path,
               fmt::format("{} is taken by {}", quoted(word.text), first->second->path));
}

void check_names(const Draft& draft, Problems& problems) {
  std::map<std::string_view, const Word*> listeners, migrations;
  for (const DraftListener& l : draft.listeners) refuse_repeated_name(l.name, listeners, problems);
  for (const DraftMigration& m : draft.migrations)
    refuse_repeated_name(m.name, migrations, problems);
}

// One place to listen on, given or by default.
struct Bind {
  const Address& address;
  Spot spot;
  std::string what;
};

bool is_v6(const Address& address) { return address.host.find(':') != std::string::npos; }

// The same port on the same address, or on all of a family and on one of them.
bool collide(const Address& a, const Address& b) {
  if (a.port == 0 || a.port != b.port) return false;
  return a.host == b.host || (is_v6(a) == is_v6(b) && (is_wildcard(a) || is_wildcard(b)));
}

void check_binds(const Draft& draft, Problems& problems) {
  std::vector<Bind> binds;
  if (draft.snapshot.admin_socket.empty()) {
    binds.push_back({draft.snapshot.admin, draft.admin_bind, "admin.bind"});
  }
  binds.push_back({draft.snapshot.health, draft.health_bind, "health.bind"});
  for (const DraftListener& l : draft.listeners) {
    if (l.bind.given()) binds.push_back({l.listener.bind, l.bind, l.bind.path});
  }
  for (std::size_t later = 1; later < binds.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!collide(binds[earlier].address, binds[later].address)) continue;
      const bool swapped = !binds[later].spot.given();
      const Bind& at = binds[swapped ? earlier : later];
      const Bind& other = binds[swapped ? later : earlier];
      problems.add(at.spot.at, at.spot.path,
                   fmt::format("{} is taken by {} ({}{})", to_text(at.address), other.what,
                               to_text(other.address), other.spot.given() ? "" : ", its default"));
      break;
    }
  }
}

void check_admin(const Draft& draft, Problems& problems) {
  const bool is_local = !draft.snapshot.admin_socket.empty() || is_loopback(draft.snapshot.admin);
  if (is_local || !draft.snapshot.admin_token_file.empty()) return;
  problems.add(
      draft.admin_bind.at, draft.admin_bind.path,
      fmt::format("{} is not a loopback address: whoever reaches it could move traffic, so "
                  "admin.token_file is needed",
                  quoted(to_text(draft.snapshot.admin))));
}

using Names = std::vector<std::string_view>;

std::optional<std::size_t> upstream_of(const Word& word, const Names& names, Problems& problems) {
  if (word.text.empty()) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), word.text);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  problems.add(
      word.at, word.path,
      fmt::format("unknown upstream {}{}", quoted(word.text), did_you_mean(word.text, names)));
  return std::nullopt;
}

void resolve_upstreams(Draft& draft, Problems& problems) {
  Names names;
  for (const Upstream& upstream : draft.snapshot.upstreams) names.push_back(upstream.name);
  draft.snapshot.default_upstream = upstream_of(draft.default_upstream, names, problems);
  for (DraftMigration& m : draft.migrations) {
    m.migration.legacy = upstream_of(m.legacy, names, problems).value_or(0);
    m.migration.monolith = upstream_of(m.monolith, names, problems).value_or(0);
    if (m.monolith.text.empty() || m.legacy.text != m.monolith.text) continue;
    problems.add(
        m.monolith.at, m.monolith.path,
        fmt::format("legacy and monolith are the same upstream {}", quoted(m.legacy.text)));
  }
}

void check_flags(const Draft& draft, Problems& problems) {
  Names known;
  for (const DraftMigration& m : draft.migrations) {
    known.push_back(m.flag.text.empty() ? m.name.text : m.flag.text);
  }
  for (const Word& flag : draft.flags) {
    if (std::find(known.begin(), known.end(), flag.text) != known.end()) continue;
    problems.add(flag.at, flag.path,
                 "no migration follows this flag" + did_you_mean(flag.text, known));
  }
}

void build_routes(Draft& draft, Problems& problems) {
  std::vector<routing::Route> routes;
  for (DraftMigration& m : draft.migrations) {
    m.route.migration = routes.size();
    m.route.name = m.migration.name = m.name.text;
    m.route.flag = m.migration.flag = m.flag.text.empty() ? m.name.text : m.flag.text;
    if (m.route.sticky.empty() && !m.sticky_missing_given) {
      m.route.sticky_missing = routing::StickyMissing::per_request;
    }
    routes.push_back(std::move(m.route));
    draft.snapshot.migrations.push_back(std::move(m.migration));
  }
  std::vector<routing::RouteTable::Tie> ties;
  draft.snapshot.routes = routing::RouteTable::build(std::move(routes), ties);
  for (const auto& tie : ties) {
    const Spot& first = draft.migrations[tie.route_a].rules[tie.rule_a];
    const Spot& second = draft.migrations[tie.route_b].rules[tie.rule_b];
    problems.add(second.at, second.path,
                 fmt::format("matches the same requests as {} in line {}", first.path,
                             problems.line_of(first.at)));
  }
}

}  // namespace

Snapshot resolve(Draft draft, Problems& problems) {
  check_names(draft, problems);
  check_admin(draft, problems);
  check_binds(draft, problems);
  check_flags(draft, problems);
  resolve_upstreams(draft, problems);
  build_routes(draft, problems);
  for (DraftListener& l : draft.listeners) {
    draft.snapshot.listeners.push_back(std::move(l.listener));
  }
  return std::move(draft.snapshot);
}

}  // namespace banyan::config
