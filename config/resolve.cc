#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "base/stable_hash.h"
#include "config/decode_compare.h"
#include "config/decode_ramp.h"
#include "config/decode_report.h"
#include "config/decode_webhook.h"
#include "config/draft.h"
#include "config/read_file.h"

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
  const std::string& socket;  // not empty: a path instead of the address
  Spot spot;
  std::string what;
};

std::string shown(const Bind& bind) {
  return bind.socket.empty() ? to_text(bind.address) : std::string(kUnixScheme) + bind.socket;
}

bool is_v6(const Address& address) { return address.host.find(':') != std::string::npos; }

// The same port on the same address, or on all of a family and on one of them.
bool collide(const Address& a, const Address& b) {
  if (a.port == 0 || a.port != b.port) return false;
  return a.host == b.host || (is_v6(a) == is_v6(b) && (is_wildcard(a) || is_wildcard(b)));
}

bool collide(const Bind& a, const Bind& b) {
  if (a.socket.empty() && b.socket.empty()) return collide(a.address, b.address);
  return a.socket == b.socket;
}

void check_binds(const Draft& draft, Problems& problems) {
  const std::string no_socket;
  std::vector<Bind> binds;
  binds.push_back(
      {draft.snapshot.admin, draft.snapshot.admin_socket, draft.admin_bind, "admin.bind"});
  binds.push_back({draft.snapshot.health, no_socket, draft.health_bind, "health.bind"});
  for (const DraftListener& l : draft.listeners) {
    if (!l.bind.given()) continue;
    binds.push_back({l.listener.bind, l.listener.socket, l.bind, l.bind.path});
  }
  for (std::size_t later = 1; later < binds.size(); ++later) {
    for (std::size_t earlier = 0; earlier < later; ++earlier) {
      if (!collide(binds[earlier], binds[later])) continue;
      const bool swapped = !binds[later].spot.given();
      const Bind& at = binds[swapped ? earlier : later];
      const Bind& other = binds[swapped ? later : earlier];
      problems.add(at.spot.at, at.spot.path,
                   fmt::format("{} is taken by {} ({}{})", shown(at), other.what, shown(other),
                               other.spot.given() ? "" : ", its default"));
      break;
    }
  }
}

void check_listener_keys(const Draft& draft, Problems& problems) {
  for (const DraftListener& l : draft.listeners) {
    const bool is_ip = l.bind.given() && l.listener.socket.empty();
    if (is_ip && l.socket_mode.given()) {
      problems.add(l.socket_mode.at, l.socket_mode.path, "has no meaning without a unix socket");
    }
    if (is_ip && l.listener.proxy_protocol && l.listener.trusted_proxies.empty()) {
      problems.add(l.proxy_protocol.at, l.proxy_protocol.path,
                   "nobody's header would be believed: trusted_proxies is needed");
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
  for (DraftListener& l : draft.listeners) {
    l.listener.default_upstream = upstream_of(l.default_upstream, names, problems);
  }
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

void check_listeners(const Draft& draft, Problems& problems) {
  Names known;
  for (const DraftListener& l : draft.listeners) known.push_back(l.name.text);
  const auto check = [&](const std::vector<DraftRule>& rules) {
    for (const DraftRule& rule : rules) {
      const Word& word = rule.listener;
      if (word.text.empty()) continue;
      if (std::find(known.begin(), known.end(), word.text) != known.end()) continue;
      problems.add(
          word.at, word.path,
          fmt::format("unknown listener {}{}", quoted(word.text), did_you_mean(word.text, known)));
    }
  };
  for (const DraftMigration& m : draft.migrations) {
    check(m.match);
    if (m.shadow) check(m.shadow->exclude_rules);
  }
}

void check_reflection(const Draft& draft, const DraftMigration& m, Problems& problems) {
  if (m.migration.compare.described == nullptr) return;
  if (m.migration.legacy >= draft.snapshot.upstreams.size()) return;
  const Upstream& legacy = draft.snapshot.upstreams[m.migration.legacy];
  if (legacy.protocol == Protocol::http2) return;
  problems.add(m.reflection.at, m.reflection.path,
               fmt::format("needs protocol: http2 of legacy, which {} has not",
                           quoted(legacy.name)));
}

// gRPC is HTTP/2 on the whole way, and the path names its method.
void check_grpc(const Draft& draft, Problems& problems) {
  for (const DraftMigration& m : draft.migrations) {
    const auto refuse = [&](const std::string& why) {
      const auto refuse_one = [&](const Word& word) {
        if (!word.text.empty()) problems.add(word.at, word.path, why);
      };
      for (const DraftRule& rule : m.match) refuse_one(rule.grpc_service);
      if (m.shadow) refuse_one(m.shadow->grpc_method);
    };
    check_reflection(draft, m, problems);
    for (const std::size_t i : {m.migration.legacy, m.migration.monolith}) {
      if (i >= draft.snapshot.upstreams.size()) continue;
      const Upstream& upstream = draft.snapshot.upstreams[i];
      if (upstream.protocol == Protocol::http2) continue;
      refuse(fmt::format("needs upstreams with protocol: http2, which {} has not",
                         quoted(upstream.name)));
      break;
    }
    for (const routing::Rewrite& rewrite : m.migration.rewrite) {
      if (rewrite.path_prefix.empty()) continue;
      refuse("can not be rewritten by path_prefix: the path names the method");
      break;
    }
  }
}

// Rules that match the same are no problem where they lead to the same.
Shadow shadow_of(DraftShadow draft) {
  routing::Route excluded;
  for (DraftRule& rule : draft.exclude_rules) excluded.match.push_back(std::move(rule.rule));
  std::vector<routing::Route> routes;
  routes.push_back(std::move(excluded));
  std::vector<routing::RouteTable::Tie> ties;
  draft.exclude = routing::RouteTable::build(std::move(routes), ties);
  return draft;
}

// The answers of another rewrite are other answers.
void add_to_compare_hash(const std::array<routing::Rewrite, 2>& rewrites, std::uint64_t& hash) {
  for (const routing::Rewrite& rewrite : rewrites) {
    Murmur3 own;
    own.add(rewrite.path_prefix).add("\n").add(rewrite.host).add("\n");
    for (const auto& [name, value] : rewrite.headers.set)
      own.add(name).add(":").add(value).add("\n");
    for (const std::string& name : rewrite.headers.remove) own.add(name).add("\n");
    hash = hash << 1U ^ (rewrite.is_needed() ? own.finish() : 0);
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
    if (m.route.sticky_missing == routing::StickyMissing::per_request) {
      m.migration.readiness.min_keys = 0;
    }
    if (m.shadow) m.migration.shadow = shadow_of(std::move(*m.shadow));
    if (m.webhook) {
      m.migration.webhook =
          settle_webhook(std::move(*m.webhook), m.name.text, draft.files, problems);
    }
    if (draft.files == Files::read) load_descriptors(m, problems);
    add_to_compare_hash(m.migration.rewrite, m.migration.compare_hash);
    for (const DraftRule& rule : m.match) m.route.match.push_back(rule.rule);
    routes.push_back(std::move(m.route));
    draft.snapshot.migrations.push_back(std::move(m.migration));
  }
  std::vector<routing::RouteTable::Tie> ties;
  draft.snapshot.routes = routing::RouteTable::build(std::move(routes), ties);
  for (const auto& tie : ties) {
    const Spot& first = draft.migrations[tie.route_a].match[tie.rule_a].spot;
    const Spot& second = draft.migrations[tie.route_b].match[tie.rule_b].spot;
    problems.add(second.at, second.path,
                 fmt::format("matches the same requests as {} in line {}", first.path,
                             problems.line_of(first.at)));
  }
}

// Nobody sees the values, so there is no use in cutting them.
void compare_for_shapes(Snapshot& snapshot) {
  if (!snapshot.store.only_shapes) return;
  for (Migration& migration : snapshot.migrations) {
    migration.compare.for_shapes = true;
    migration.compare.shown_bytes_max = shadow::kHashedBytesMax;
  }
}

void read_secrets(Draft& draft, Problems& problems) {
  for (DraftListener& l : draft.listeners) {
    const Word& file = l.secret_file;
    if (file.text.empty() || draft.files == Files::leave_out) continue;
    auto secret = read_secret_file(file.text);
    if (secret) {
      l.listener.force_arm->secret = std::move(*secret);
    } else {
      problems.add(file.at, file.path, quoted(file.text) + ": " + secret.error());
    }
  }
}

}  // namespace

Snapshot resolve(Draft draft, Problems& problems) {
  check_names(draft, problems);
  check_admin(draft, problems);
  check_binds(draft, problems);
  check_listener_keys(draft, problems);
  check_flags(draft, problems);
  check_ramps(draft, problems);
  check_listeners(draft, problems);
  resolve_upstreams(draft, problems);
  check_grpc(draft, problems);
  build_routes(draft, problems);
  compare_for_shapes(draft.snapshot);
  read_secrets(draft, problems);
  if (draft.files == Files::read) load_waivers(draft, problems);
  for (DraftListener& l : draft.listeners) {
    draft.snapshot.listeners.push_back(std::move(l.listener));
  }
  return std::move(draft.snapshot);
}

}  // namespace banyan::config
