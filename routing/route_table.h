// routing/route_table.h: from a request to the migration it belongs to.
//
// Immutable after build(). The most specific rule wins: an exact host before any host, then the
// longer path. The cost of find() grows with the segments of the path, as far as the longest rule
// reaches, and not with the number of rules.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/route.h"

namespace banyan::routing {

class RouteTable {
 public:
  // Two rules that would match the same requests with the same specificity. Rules without a
  // path_prefix and with the prefix "/" are such.
  struct Tie {
    std::size_t route_a, rule_a;  // indices into `routes` and its `match`
    std::size_t route_b, rule_b;
  };

  RouteTable() = default;
  // Ties are reported, the earlier rule is kept.
  [[nodiscard]] static RouteTable build(std::vector<Route> routes, std::vector<Tie>& ties);

  // `authority`: as in the Host field, any case, with or without a port, an IPv6 literal in
  // brackets; one dot at its end is passed over. `path`: normalised.
  // nullptr where no migration matches. Allocates nothing. Valid as long as the table is not moved.
  [[nodiscard]] const Route* find(std::string_view authority, std::string_view path) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct Place {
    std::size_t route = 0;
    std::size_t rule = 0;
  };
  struct PathHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
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
  // The rules of one host. A path is looked up by each of its whole-segment prefixes, the longest
  // first, and by none that is longer than every rule: a client can not make find() slow.
  struct Prefixes {
    std::unordered_map<std::string, Place, PathHash, std::equal_to<>> places;
    std::size_t longest = 0;
  };
  void add(Place place, std::vector<Tie>& ties);
  [[nodiscard]] const Route* find_in(const Prefixes& prefixes, std::string_view path) const;

  std::vector<Route> routes_;
  std::unordered_map<std::string, Prefixes, HostHash, HostEqual> by_host_;
  Prefixes any_host_;
};

}  // namespace banyan::routing
