#include "routing/route_table.h"

#include <utility>

#include "base/headers.h"

namespace banyan::routing {
namespace {

std::string_view without_brackets(std::string_view host) {
  const bool literal = host.starts_with('[') && host.ends_with(']');
  return literal ? host.substr(1, host.size() - 2) : host;
}

}  // namespace

// RFC 3986 §3.2.2: only in brackets may a colon be part of the host.
std::string_view host_of(std::string_view authority) {
  if (authority.starts_with('[')) {
    return without_brackets(authority.substr(0, authority.find(']') + 1));
  }
  std::string_view host = authority.substr(0, authority.find(':'));
  if (host.ends_with('.')) host.remove_suffix(1);
  return host;
}

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

PathTrie::Node RouteTable::root_of(const std::string& host) {
  PathTrie::Node& root =
      host.empty() ? any_host_
                   : by_host_.try_emplace(std::string(without_brackets(host)), PathTrie::kNone)
                         .first->second;
  if (root == PathTrie::kNone) root = paths_.add_root();
  return root;
}

void RouteTable::add(Place place, std::vector<Tie>& ties) {
  const MatchRule& rule = routes_[place.route].match[place.rule];
  const PathTrie::Node node = paths_.add(root_of(rule.host), rule.path_prefix);
  rules_.resize(paths_.size());
  if (const auto tie = rules_[node].add(places_.size(), rule)) {
    const Place earlier = places_[*tie];
    ties.push_back({earlier.route, earlier.rule, place.route, place.rule});
    return;
  }
  places_.push_back(place);
}

RouteTable::Match RouteTable::find(const RequestView& request) const {
  if (!by_host_.empty()) {
    if (const auto host = by_host_.find(host_of(request.authority)); host != by_host_.end()) {
      if (const Match match = find_below(host->second, request)) return match;
    }
  }
  return any_host_ == PathTrie::kNone ? Match{} : find_below(any_host_, request);
}

RouteTable::Match RouteTable::find_below(PathTrie::Node root, const RequestView& request) const {
  for (auto node = paths_.deepest(root, request.path); node != PathTrie::kNone;
       node = paths_.parent(node)) {
    if (const auto id = rules_[node].find(request)) {
      const Route& route = routes_[places_[*id].route];
      return {&route, &route.match[places_[*id].rule]};
    }
  }
  return {};
}

}  // namespace banyan::routing
