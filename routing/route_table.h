// routing/route_table.h: from a request to the migration it belongs to.
//
// Immutable after build(). The most specific rule wins: an exact host before any host, then the
// longer path. The cost of find() grows with the path's segments, not with the number of rules.
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
  // Two rules that would match the same requests with the same specificity.
  struct Tie {
    std::size_t route_a, rule_a;  // indices into `routes` and its `match`
    std::size_t route_b, rule_b;
  };

  RouteTable() = default;
  // Ties are reported, the earlier rule is kept.
  [[nodiscard]] static RouteTable build(std::vector<Route> routes, std::vector<Tie>& ties);

  // `authority`: as in the Host field, any case, with or without a port. `path`: normalised.
  // nullptr where no migration matches. Allocates nothing.
  [[nodiscard]] const Route* find(std::string_view authority, std::string_view path) const;

  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  struct StringHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  // Prefix -> index of its route. A path is looked up by each of its whole-segment prefixes, the
  // longest first.
  using Prefixes = std::unordered_map<std::string, std::size_t, StringHash, std::equal_to<>>;
  [[nodiscard]] const Route* find_in(const Prefixes& prefixes, std::string_view path) const;

  std::vector<Route> routes_;
  std::unordered_map<std::string, Prefixes, StringHash, std::equal_to<>> by_host_;
  Prefixes any_host_;
};

}  // namespace banyan::routing
