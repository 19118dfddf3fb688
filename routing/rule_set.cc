#include "routing/rule_set.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace banyan::routing {
namespace {

std::uint64_t mixed(std::uint64_t hash, std::string_view value) {
  constexpr std::uint64_t kSpread = 0x9E3779B97F4A7C15U;
  return (hash ^ std::hash<std::string_view>{}(value)) * kSpread;
}

std::uint64_t hash_of(const MatchRule& rule) {
  std::uint64_t hash = 0;
  for (const HeaderMatch& header : rule.headers) hash = mixed(hash, header.value);
  return rule.listener.empty() ? hash : mixed(hash, rule.listener);
}

std::vector<std::string> names_of(const MatchRule& rule) {
  std::vector<std::string> names;
  for (const HeaderMatch& header : rule.headers) names.push_back(header.name);
  return names;
}

// Whether a request could have the fields of both: no name stands in both with two values.
bool agree(const std::vector<std::string>& names, const std::vector<std::string>& values,
           const MatchRule& rule) {
  return std::all_of(rule.headers.begin(), rule.headers.end(), [&](const HeaderMatch& header) {
    const auto name = std::find(names.begin(), names.end(), header.name);
    return name == names.end() ||
           values[static_cast<std::size_t>(name - names.begin())] == header.value;
  });
}

}  // namespace

std::optional<RuleSet::Id> RuleSet::add(Id id, const MatchRule& rule) {
  Shapes& shapes = rule.method.empty() ? any_method_ : by_method_[rule.method];
  if (const auto tie = tie_in(shapes, rule)) return tie;
  Entry entry{id, {}, rule.listener};
  for (const HeaderMatch& header : rule.headers) entry.values.push_back(header.value);
  shape_of(shapes, rule).entries.emplace(hash_of(rule), std::move(entry));
  return std::nullopt;
}

std::optional<RuleSet::Id> RuleSet::tie_in(const Shapes& shapes, const MatchRule& rule) {
  for (const Shape& shape : shapes) {
    const bool as_specific =
        shape.names.size() == rule.headers.size() && shape.by_listener == !rule.listener.empty();
    if (!as_specific) continue;
    const bool same_names = shape.names == names_of(rule);
    const auto [first, last] = same_names ? shape.entries.equal_range(hash_of(rule))
                                          : std::pair(shape.entries.begin(), shape.entries.end());
    for (auto at = first; at != last; ++at) {
      const Entry& entry = at->second;
      if (entry.listener == rule.listener && agree(shape.names, entry.values, rule)) {
        return entry.id;
      }
    }
  }
  return std::nullopt;
}

RuleSet::Shape& RuleSet::shape_of(Shapes& shapes, const MatchRule& rule) {
  Shape made{names_of(rule), !rule.listener.empty(), {}};
  const auto is_before = [](const Shape& a, const Shape& b) {
    return std::pair(a.names.size(), a.by_listener) > std::pair(b.names.size(), b.by_listener);
  };
  const auto same = std::find_if(shapes.begin(), shapes.end(), [&](const Shape& s) {
    return s.names == made.names && s.by_listener == made.by_listener;
  });
  if (same != shapes.end()) return *same;
  const auto place = std::upper_bound(shapes.begin(), shapes.end(), made, is_before);
  return *shapes.insert(place, std::move(made));
}

std::optional<RuleSet::Id> RuleSet::find(const RequestView& request) const {
  if (!by_method_.empty()) {
    if (const auto shapes = by_method_.find(request.method); shapes != by_method_.end()) {
      if (const auto id = find_in(shapes->second, request)) return id;
    }
  }
  return find_in(any_method_, request);
}

std::optional<RuleSet::Id> RuleSet::find_in(const Shapes& shapes, const RequestView& request) {
  for (const Shape& shape : shapes) {
    if (const auto id = find_in(shape, request)) return id;
  }
  return std::nullopt;
}

std::optional<RuleSet::Id> RuleSet::find_in(const Shape& shape, const RequestView& request) {
  std::uint64_t hash = 0;
  for (const std::string& name : shape.names) {
    const auto value = only_value(request.headers, name);
    if (!value) return std::nullopt;
    hash = mixed(hash, *value);
  }
  if (shape.by_listener) hash = mixed(hash, request.listener);
  const auto [first, last] = shape.entries.equal_range(hash);
  for (auto at = first; at != last; ++at) {
    if (holds(shape, at->second, request)) return at->second.id;
  }
  return std::nullopt;
}

// The hash is not the proof.
bool RuleSet::holds(const Shape& shape, const Entry& entry, const RequestView& request) {
  if (shape.by_listener && entry.listener != request.listener) return false;
  for (std::size_t i = 0; i < shape.names.size(); ++i) {
    if (only_value(request.headers, shape.names[i]) != entry.values[i]) return false;
  }
  return true;
}

}  // namespace banyan::routing
