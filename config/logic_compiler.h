// config/logic_compiler.h: a rule of JsonLogic from a file, checked and compiled.
//
// What the file can be held to before anybody asks is an error here, with its place: an operator
// that is not known, a wrong number of arguments, a weight, a version or the sign of a comparison
// that is none, a `$ref` to nothing or to itself.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.h"
#include "routing/logic.h"

namespace banyan::config {

inline constexpr std::size_t kArgumentsMax = 2'000;  // of one operator, and of a list

// `$evaluators` of a file, by name.
using Evaluators = std::map<std::string, Cursor, std::less<>>;

class LogicCompiler {
 public:
  LogicCompiler(const Evaluators& evaluators, Problems& problems)
      : evaluators_(evaluators), problems_(problems) {}

  // What `is_known` refuses may not stand as the value of the rule; nullptr: anything may. Nothing
  // after problems.
  using IsKnown = bool (*)(const void* variants, const routing::Value& name);
  [[nodiscard]] std::optional<routing::Logic> compile(const Cursor& rule, IsKnown is_known,
                                                      const void* variants);

 private:
  using Id = routing::LogicBuilder::Id;
  using Ids = std::vector<Id>;

  [[nodiscard]] Id value(const Cursor& at);
  [[nodiscard]] Id node_value(const Cursor& at);
  [[nodiscard]] Id scalar(const Cursor& at);
  [[nodiscard]] Id list(const Cursor& at);
  [[nodiscard]] Id operation(const Cursor& at);
  [[nodiscard]] Id reference(const Cursor& at);
  [[nodiscard]] Id fractional(const Cursor& at, const Cursor& arguments);
  void add_part(const Cursor& at, Ids& ids, double& total, bool& is_fixed);
  void check_weight(const Cursor& at, Id id, double& total, bool& is_fixed);
  void check_version(const Cursor& arguments, const Ids& ids);
  void check_bounds(const Cursor& at, Id id);
  // What the rule can come to.
  void check_results(const Cursor& at);
  void check_result(const Cursor& at);
  [[nodiscard]] Id fail(const Cursor& at, std::string message);

  const Evaluators& evaluators_;
  Problems& problems_;
  routing::LogicBuilder builder_;
  std::map<std::string, std::optional<Id>, std::less<>> refs_;  // nothing: being compiled
  IsKnown is_known_ = nullptr;
  const void* variants_ = nullptr;
  std::size_t looked_at_ = 0;  // by check_results
  std::size_t nesting_ = 0;    // of value(), through every $ref
};

}  // namespace banyan::config
