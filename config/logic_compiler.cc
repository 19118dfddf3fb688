#include "config/logic_compiler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "routing/sem_ver.h"

namespace banyan::config {
namespace {

using routing::Value;
using Op = routing::Logic::Op;

struct Operator {
  std::string_view name;
  Op op;
  std::size_t min;
  std::size_t max;
};
constexpr std::array kOperators{
    Operator{"var", Op::var, 0, 2},
    Operator{"if", Op::if_, 0, kArgumentsMax},
    Operator{"==", Op::equal, 2, 2},
    Operator{"===", Op::strictly_equal, 2, 2},
    Operator{"!=", Op::not_equal, 2, 2},
    Operator{"!==", Op::not_strictly_equal, 2, 2},
    Operator{"<", Op::less, 2, 3},
    Operator{"<=", Op::less_or_equal, 2, 3},
    Operator{">", Op::greater, 2, 2},
    Operator{">=", Op::greater_or_equal, 2, 2},
    Operator{"and", Op::and_, 1, kArgumentsMax},
    Operator{"or", Op::or_, 1, kArgumentsMax},
    Operator{"!", Op::not_, 1, 1},
    Operator{"in", Op::in, 2, 2},
    Operator{"cat", Op::cat, 0, kArgumentsMax},
    Operator{"starts_with", Op::starts_with, 2, 2},
    Operator{"ends_with", Op::ends_with, 2, 2},
    Operator{"sem_ver", Op::sem_ver, 3, 3},
    Operator{"fractional", Op::fractional, 1, kArgumentsMax},
};
constexpr std::string_view kRef = "$ref";
constexpr std::size_t kLooksMax = 20'000;
constexpr std::size_t kNestingMax = 200;

const Operator* operator_named(std::string_view name) {
  const auto found = std::find_if(kOperators.begin(), kOperators.end(),
                                  [&](const Operator& o) { return o.name == name; });
  return found == kOperators.end() ? nullptr : found;
}

std::string unknown_operator(std::string_view name) {
  std::vector<std::string_view> names;
  for (const Operator& one : kOperators) names.push_back(one.name);
  names.push_back(kRef);
  return fmt::format("unknown operator {}{}", quoted(name), did_you_mean(name, names));
}

std::string arity(const Operator& one) {
  if (one.min == one.max) return fmt::format("exactly {}", one.min);
  return one.max == kArgumentsMax ? fmt::format("at least {}", one.min)
                                  : fmt::format("{} to {}", one.min, one.max);
}

}  // namespace

std::optional<routing::Logic> LogicCompiler::compile(const Cursor& rule, IsKnown is_known,
                                                     const void* variants) {
  const std::size_t before = problems_.count();
  is_known_ = is_known;
  variants_ = variants;
  const Id root = value(rule);
  if (is_known != nullptr && problems_.count() == before) check_results(rule);
  if (problems_.count() != before) return std::nullopt;
  return std::move(builder_).finish(root);
}

LogicCompiler::Id LogicCompiler::fail(const Cursor& at, std::string message) {
  at.fail(std::move(message));
  return routing::LogicBuilder::kNoKey;
}

LogicCompiler::Id LogicCompiler::value(const Cursor& at) {
  if (++nesting_ > kNestingMax) {
    --nesting_;
    return fail(at, fmt::format("nested deeper than {} levels, with every $ref", kNestingMax));
  }
  const Id id = node_value(at);
  --nesting_;
  check_bounds(at, id);
  return id;
}

LogicCompiler::Id LogicCompiler::node_value(const Cursor& at) {
  switch (at.node.kind) {
    case Node::Kind::refused:
      return routing::LogicBuilder::kNoKey;
    case Node::Kind::mapping:
      return operation(at);
    case Node::Kind::sequence:
      return list(at);
    case Node::Kind::plain:
    case Node::Kind::quoted:
      return scalar(at);
  }
  return routing::LogicBuilder::kNoKey;
}

// A bound is told once: what uses a part that is over it is over it, too.
void LogicCompiler::check_bounds(const Cursor& at, Id id) {
  if (problems_.count() > 0) return;
  if (builder_.depth(id) > routing::kLogicDepthMax) {
    at.fail(fmt::format("more than {} operators within each other", routing::kLogicDepthMax));
  } else if (builder_.cost(id) > routing::kLogicCostMax) {
    at.fail(fmt::format("may take more than {} steps", routing::kLogicCostMax));
  }
}

LogicCompiler::Id LogicCompiler::scalar(const Cursor& at) {
  const Node& node = at.node;
  if (node.is_null()) return builder_.constant({});
  if (const auto boolean = node.as_bool()) return builder_.constant(Value::of(*boolean));
  if (node.is_number()) return builder_.constant(Value::of(routing::to_number(node.text)));
  return builder_.constant(Value::of(std::string_view(node.text)));
}

LogicCompiler::Id LogicCompiler::list(const Cursor& at) {
  if (at.node.items.size() > kArgumentsMax) {
    return fail(at, fmt::format("must have at most {} entries", kArgumentsMax));
  }
  Ids ids;
  for (std::size_t i = 0; i < at.node.items.size(); ++i) ids.push_back(value(at.item(i)));
  return builder_.list(ids);
}

LogicCompiler::Id LogicCompiler::operation(const Cursor& at) {
  if (at.node.keys.size() != 1) return fail(at, "an operator is an object with exactly one key");
  const Node::Key& key = at.node.keys[0];
  const Cursor arguments = at.member(0);
  if (key.text == kRef) return reference(arguments);
  const Operator* const known = operator_named(key.text);
  if (known == nullptr) {
    problems_.add(key.at, at.path, unknown_operator(key.text));
    return routing::LogicBuilder::kNoKey;
  }
  const bool is_list = arguments.node.kind == Node::Kind::sequence;
  const std::size_t count = is_list ? arguments.node.items.size() : 1;
  if (count > kArgumentsMax) {
    return fail(arguments, fmt::format("must have at most {} entries", kArgumentsMax));
  }
  if (count < known->min || count > known->max) {
    problems_.add(key.at, arguments.path, fmt::format("takes {} arguments", arity(*known)));
    return routing::LogicBuilder::kNoKey;
  }
  if (known->op == Op::fractional) return fractional(at, arguments);
  Ids ids;
  if (is_list) {
    for (std::size_t i = 0; i < count; ++i) ids.push_back(value(arguments.item(i)));
  } else {
    ids.push_back(value(arguments));
  }
  if (known->op == Op::sem_ver) check_version(arguments, ids);
  return builder_.operation(known->op, ids);
}

LogicCompiler::Id LogicCompiler::reference(const Cursor& at) {
  const std::string& name = at.node.text;
  if (at.node.kind != Node::Kind::quoted && !at.node.is_text()) {
    return fail(at, "expected the name of an evaluator");
  }
  const auto found = evaluators_.find(name);
  if (found == evaluators_.end()) {
    std::vector<std::string_view> names;
    for (const auto& [known, place] : evaluators_) names.push_back(known);
    return fail(at, fmt::format("there is no {} in $evaluators{}", quoted(name),
                                did_you_mean(name, names)));
  }
  const auto [entry, is_new] = refs_.try_emplace(name);
  if (!is_new && !entry->second) return fail(at, fmt::format("{} uses itself", quoted(name)));
  if (is_new) {
    const Id id = value(found->second);
    refs_[name] = id;
    return id;
  }
  return *entry->second;
}

void LogicCompiler::check_version(const Cursor& arguments, const Ids& ids) {
  const auto sign = builder_.value(ids[1]);
  if (sign && (!sign->is_text() || !routing::sem_ver_test(sign->text()))) {
    arguments.item(1).fail("expected one of = != < <= > >= ^ ~");
  }
  for (const std::size_t i : {std::size_t{0}, std::size_t{2}}) {
    const auto version = builder_.value(ids[i]);
    if (version && (!version->is_text() || !routing::is_sem_ver(version->text()))) {
      arguments.item(i).fail("not a version such as 1.4.0 (Semantic Versioning 2.0.0)");
    }
  }
}

// An own key, unless the first argument is a part already.
LogicCompiler::Id LogicCompiler::fractional(const Cursor& at, const Cursor& arguments) {
  constexpr const char* kShape = "expected [KEY, [VARIANT, WEIGHT], ...]";
  if (arguments.node.kind != Node::Kind::sequence) return fail(arguments, kShape);
  Ids ids{routing::LogicBuilder::kNoKey};
  std::size_t i = 0;
  if (arguments.node.items[0].kind != Node::Kind::sequence) {
    ids[0] = value(arguments.item(0));
    if (const auto key = builder_.value(ids[0]); key && key->is_null()) {
      ids[0] = routing::LogicBuilder::kNoKey;
    }
    i = 1;
  }
  if (i == arguments.node.items.size()) return fail(arguments, kShape);
  double total = 0;
  bool is_fixed = true;
  for (; i < arguments.node.items.size(); ++i) {
    add_part(arguments.item(i), ids, total, is_fixed);
  }
  if (is_fixed && total == 0) return fail(at, "all weights are 0: nobody gets a variant");
  if (total > static_cast<double>(routing::kWeightsMax)) {
    return fail(at, fmt::format("the sum of the weights is above {}", routing::kWeightsMax));
  }
  return builder_.operation(Op::fractional, ids);
}

void LogicCompiler::add_part(const Cursor& at, Ids& ids, double& total, bool& is_fixed) {
  const std::size_t size = at.node.items.size();
  if (at.node.kind != Node::Kind::sequence || size < 1 || size > 2) {
    at.fail("expected [VARIANT, WEIGHT]");
    is_fixed = false;
    return;
  }
  ids.push_back(value(at.item(0)));
  if (at.node.items[0].kind == Node::Kind::sequence) at.item(0).fail("expected a variant");
  const Id weight = size == 2 ? value(at.item(1)) : builder_.constant(Value::of(1.0));
  ids.push_back(weight);
  check_weight(size == 2 ? at.item(1) : at, weight, total, is_fixed);
}

void LogicCompiler::check_weight(const Cursor& at, Id id, double& total, bool& is_fixed) {
  const auto weight = builder_.value(id);
  if (!weight) {
    is_fixed = false;
    return;
  }
  const double number = weight->is_null() ? 1 : weight->is_number() ? weight->number() : -1;
  const auto max = static_cast<double>(routing::kWeightsMax);
  if (number >= 0 && number <= max && number == std::trunc(number)) {
    total += number;
    return;
  }
  at.fail(fmt::format("a weight is a whole number from 0 to {}", routing::kWeightsMax));
  is_fixed = false;
}

// Only where values are told as they are: what is computed shows itself when it is asked for.
void LogicCompiler::check_results(const Cursor& at) {
  if (++looked_at_ > kLooksMax) return;
  if (at.node.kind != Node::Kind::mapping) return check_result(at);
  const std::string& name = at.node.keys[0].text;
  const Cursor arguments = at.member(0);
  if (name == kRef) return check_results(evaluators_.find(arguments.node.text)->second);
  if (arguments.node.kind != Node::Kind::sequence) return;
  const std::size_t count = arguments.node.items.size();
  if (name == "if") {
    for (std::size_t i = 1; i < count; i += 2) check_results(arguments.item(i));
    if (count % 2 == 1) check_results(arguments.item(count - 1));
  } else if (name == "fractional") {
    const bool has_key = arguments.node.items[0].kind != Node::Kind::sequence;
    for (std::size_t i = has_key ? 1 : 0; i < count; ++i) {
      check_results(arguments.item(i).item(0));
    }
  }
}

void LogicCompiler::check_result(const Cursor& at) {
  if (at.node.kind == Node::Kind::sequence) return at.fail("a list is no variant");
  if (at.node.is_null()) return;  // the default variant
  const Node& node = at.node;
  const auto boolean = node.as_bool();
  const Value name = boolean            ? Value::of(*boolean)
                     : node.is_number() ? Value::of(routing::to_number(node.text))
                                        : Value::of(std::string_view(node.text));
  if (!is_known_(variants_, name)) at.fail("unknown variant " + quoted(node.text));
}

}  // namespace banyan::config
