// Rules and data as JSON text, for tests of their evaluation.
#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>

#include "config/json_tree.h"
#include "config/logic_compiler.h"
#include "routing/logic.h"

namespace banyan::config {

using nlohmann::json;

class DataVariables final : public routing::Variables {
 public:
  explicit DataVariables(const json& data) : data_(data) {}

  [[nodiscard]] routing::Value find(std::string_view name,
                                    routing::LogicScratch& scratch) const override {
    const json* at = &data_;
    while (!name.empty()) {
      const std::string part(name.substr(0, name.find('.')));
      name.remove_prefix(std::min(name.size(), part.size() + 1));
      if (at->is_object() && at->contains(part)) {
        at = &(*at)[part];
      } else if (at->is_array() && !part.empty() && part.size() < 9 &&
                 part.find_first_not_of("0123456789") == std::string::npos &&
                 std::stoul(part) < at->size()) {
        at = &(*at)[std::stoul(part)];
      } else {
        return {};
      }
    }
    return value_of(*at, scratch);
  }

 private:
  static routing::Value value_of(const json& from, routing::LogicScratch& scratch) {
    using routing::Value;
    if (from.is_boolean()) return Value::of(from.get<bool>());
    if (from.is_number()) return Value::of(from.get<double>());
    if (from.is_string()) return Value::of(*scratch.keep(from.get<std::string>()));
    if (from.is_object()) return Value::object();
    if (!from.is_array()) return {};
    const auto items = scratch.values(from.size());
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = value_of(from[i], scratch);
    return Value::of(std::span<const Value>(items));
  }
  const json& data_;
};

inline json json_of(const routing::Value& value) {
  using Kind = routing::Value::Kind;
  switch (value.kind()) {
    case Kind::null:
      return nullptr;
    case Kind::boolean:
      return value.boolean();
    case Kind::number:
      return value.number();
    case Kind::text:
      return std::string(value.text());
    case Kind::list: {
      json list = json::array();
      for (const auto& item : value.items()) list.push_back(json_of(item));
      return list;
    }
    case Kind::object:
      return json::object();
  }
  return nullptr;
}

// The rule as it is compiled; the problems as `LINE:COL PATH: MESSAGE`.
inline tl::expected<routing::Logic, std::vector<std::string>> compiled(
    const std::string& text, const std::string& evaluators = "{}") {
  Problems problems(text);
  Problems evaluator_problems(evaluators);
  const auto rule = parse_json(text, problems);
  const auto named = parse_json(evaluators, evaluator_problems);
  std::optional<routing::Logic> logic;
  Evaluators by_name;
  if (rule && named) {
    const Cursor root{*named, "$evaluators", problems};
    for (std::size_t i = 0; i < named->keys.size(); ++i) {
      by_name.emplace(named->keys[i].text, root.member(i));
    }
    logic = LogicCompiler(by_name, problems).compile({*rule, "rule", problems}, nullptr, nullptr);
  }
  if (logic) return std::move(*logic);
  std::vector<std::string> texts;
  for (const Problem& p : problems.take()) {
    texts.push_back(std::to_string(p.line) + ":" + std::to_string(p.column) + " " + p.path + ": " +
                    p.message);
  }
  return tl::unexpected(std::move(texts));
}

inline json evaluated(const routing::Logic& logic, const json& data,
                      const std::string& flag = "flag",
                      routing::Bucketing bucketing = routing::Bucketing::integer) {
  routing::LogicScratch scratch;
  routing::Occasion occasion{DataVariables(data), scratch, flag, bucketing};
  return json_of(logic.evaluate(occasion));
}

inline json applied(const std::string& rule, const json& data = json::object(),
                    const std::string& evaluators = "{}") {
  const auto logic = compiled(rule, evaluators);
  if (logic) return evaluated(*logic, data);
  ADD_FAILURE() << rule << ": " << testing::PrintToString(logic.error());
  return "(problems)";
}

inline std::vector<std::string> problems_of(const std::string& rule,
                                            const std::string& evaluators = "{}") {
  const auto logic = compiled(rule, evaluators);
  return logic ? std::vector<std::string>{} : logic.error();
}

}  // namespace banyan::config
