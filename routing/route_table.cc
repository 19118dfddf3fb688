#include "routing/route_table.h"

#include <algorithm>
#include <utility>

#include "base/headers.h"

namespace banyan::routing {
namespace {

constexpr std::string_view kRoot = "/";

std::string_view without_brackets(std::string_view host) {
  const bool literal = host.starts_with('[') && host.ends_with(']');
  return literal ? host.substr(1, host.size() - 2) : host;
}

// RFC 3986 §3.2.2: only in brackets may a colon be part of the host.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    return without_brackets(authority.substr(0, authority.find(']') + 1));
  }
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

// The longest whole-segment prefix of `path` that is shorter than it; empty at the root.
std::string_view parent(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? std::string_view{} : path.substr(0, slash);
}

// `path`, or its longest whole-segment prefix of at most `size_max` bytes.
std::string_view cut(std::string_view path, std::size_t size_max) {
  if (path.size() <= size_max) return path;
  return path[size_max] == '/' ? path.substr(0, size_max) : parent(path.substr(0, size_max));
}

}  // namespace

// FNV-1a. Only lookups come from outside, what is stored is the configuration's.
std::size_t RouteTable::HostHash::operator()(std::string_view host) const {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : host) {
    hash = (hash ^ static_cast<unsigned char>(ascii_lower(c))) * 0x100000001b3U;
  }
  return static_cast<std::size_t>(hash);
}

bool RouteTable::HostEqual::operator()(std::string_view a, std::string_view b) const {
  return equals_ignoring_case(a, b);
}

RouteTable RouteTable::build(std::vector<Route> routes, std::vector<Tie>& ties) {
  RouteTable table;
  table.routes_ = std::move(routes);
  for (std::size_t route = 0; route < table.routes_.size(); ++route) {
    for (std::size_t rule = 0; rule < table.routes_[route].match.size(); ++rule) {
      table.add({route, rule}, ties);
    }
  }
  return table;
}

void RouteTable::add(Place place, std::vector<Tie>& ties) {
  const MatchRule& rule = routes_[place.route].match[place.rule];
  const std::string_view path = rule.path_prefix.empty() ? kRoot : rule.path_prefix;
  Prefixes& prefixes =
      rule.host.empty() ? any_host_ : by_host_[std::string(without_brackets(rule.host))];
  const auto [entry, is_new] = prefixes.places.try_emplace(std::string(path), place);
  if (!is_new) {
    ties.push_back({entry->second.route, entry->second.rule, place.route, place.rule});
    return;
  }
  prefixes.longest = std::max(prefixes.longest, path.size());
}

const Route* RouteTable::find(std::string_view authority, std::string_view path) const {
  if (!by_host_.empty()) {
    if (const auto host = by_host_.find(host_of(authority)); host != by_host_.end()) {
      if (const Route* route = find_in(host->second, path)) return route;
    }
  }
  return find_in(any_host_, path);
}

const Route* RouteTable::find_in(const Prefixes& prefixes, std::string_view path) const {
  if (prefixes.places.empty()) return nullptr;
  for (path = cut(path, prefixes.longest); !path.empty(); path = parent(path)) {
    const auto found = prefixes.places.find(path);
    if (found != prefixes.places.end()) return &routes_[found->second.route];
  }
  const auto root = prefixes.places.find(kRoot);
  return root == prefixes.places.end() ? nullptr : &routes_[root->second.route];
}

}  // namespace banyan::routing
