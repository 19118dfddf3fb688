// routing/rule_set.h: the rules of one path prefix under one host, told apart by what else they
// ask.
//
// Specificity: a method before none, then more headers before fewer, then a listener before none.
// Rules that ask for the same names are found by one lookup, so the cost of find() grows with the
// number of different sets of names and not with the number of rules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "routing/match_rule.h"

namespace banyan::routing {

class RuleSet {
 public:
  // What the owner calls a rule.
  using Id = std::size_t;

  // Takes the rule in, unless one of the same specificity could match the same request: returns
  // that one then.
  [[nodiscard]] std::optional<Id> add(Id id, const MatchRule& rule);
  // The most specific rule that matches. Allocates nothing.
  [[nodiscard]] std::optional<Id> find(const RequestView& request) const;

 private:
  struct Entry {
    Id id;
    std::vector<std::string> values;  // of the names of its shape, in their order
    std::string listener;
  };
  // Rules that ask for the same header names, and of which all or none ask for a listener.
  struct Shape {
    std::vector<std::string> names;
    bool by_listener = false;
    std::unordered_multimap<std::uint64_t, Entry> entries;  // by the hash of the values
  };
  using Shapes = std::vector<Shape>;  // the most specific first
  struct MethodHash {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };

  [[nodiscard]] static std::optional<Id> tie_in(const Shapes& shapes, const MatchRule& rule);
  [[nodiscard]] static Shape& shape_of(Shapes& shapes, const MatchRule& rule);
  [[nodiscard]] static std::optional<Id> find_in(const Shapes& shapes, const RequestView& request);
  [[nodiscard]] static std::optional<Id> find_in(const Shape& shape, const RequestView& request);
  [[nodiscard]] static bool holds(const Shape& shape, const Entry& entry,
                                  const RequestView& request);

  std::unordered_map<std::string, Shapes, MethodHash, std::equal_to<>> by_method_;
  Shapes any_method_;
};

}  // namespace banyan::routing
