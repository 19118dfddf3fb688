// routing/route_table.h: from a request to the migration it belongs to.
//
// Immutable after build(). The most specific rule wins: an exact host before any host, then the
// longer path, then what RuleSet says of methods, headers and listeners. The cost of find() grows
// with the segments of the path, as far as rules reach, and not with the number of rules.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/match_rule.h"
#include "routing/path_trie.h"
#include "routing/route.h"
#include "routing/rule_set.h"

namespace banyan::routing {

// Of a Host field: without its port, brackets, and one dot at the end.
[[nodiscard]] std::string_view host_of(std::string_view authority);

class RouteTable {
 public:
  // Two rules of the same specificity that could match the same request. Rules without a
  // path_prefix and with the prefix "/" are alike.
  struct Tie {
    std::size_t route_a, rule_a;  // indices into `routes` and its `match`
    std::size_t route_b, rule_b;
  };
  // Valid as long as the table is not moved.
  struct Match {
    const Route* route = nullptr;  // nullptr: no migration matches
    const MatchRule* rule = nullptr;
    explicit operator bool() const { return route != nullptr; }
  };

  RouteTable() = default;
  // Ties are reported, the earlier rule is kept.
  [[nodiscard]] static RouteTable build(std::vector<Route> routes, std::vector<Tie>& ties);

  // Allocates nothing.
  [[nodiscard]] Match find(const RequestView& request) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Place {
    std::size_t route = 0;
    std::size_t rule = 0;
  };
  // Hosts are hashed and compared without regard to case, so that no lower-case copy is needed.
  struct HostHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view host) const;
  };
  struct HostEqual {
    using is_transparent = void;
    bool operator()(std::string_view a, std::string_view b) const;
  };
  void add(Place place, std::vector<Tie>& ties);
  [[nodiscard]] PathTrie::Node root_of(const std::string& host);
  [[nodiscard]] Match find_below(PathTrie::Node root, const RequestView& request) const;

  std::vector<Route> routes_;
  std::vector<Place> places_;  // by RuleSet::Id
  PathTrie paths_;
  std::vector<RuleSet> rules_;  // by node of `paths_`
  std::unordered_map<std::string, PathTrie::Node, HostHash, HostEqual> by_host_;
  PathTrie::Node any_host_ = PathTrie::kNone;
};

}  // namespace banyan::routing
