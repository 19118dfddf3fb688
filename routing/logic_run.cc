#include "routing/logic_run.h"

#include <cmath>
#include <utility>

#include "base/stable_hash.h"
#include "routing/bucket.h"
#include "routing/sem_ver.h"

namespace banyan::routing {
namespace {

constexpr std::string_view kTargetingKey = "targetingKey";

bool holds(Logic::Op op, Order order) {
  switch (op) {
    case Logic::Op::less:
      return order == Order::less;
    case Logic::Op::less_or_equal:
      return order == Order::less || order == Order::equal;
    case Logic::Op::greater:
      return order == Order::greater;
    default:
      return order == Order::greater || order == Order::equal;
  }
}

std::uint32_t scaled(std::uint32_t hash, std::int64_t total) {
  return static_cast<std::uint32_t>(std::uint64_t{hash} * static_cast<std::uint64_t>(total) >> 32U);
}

// Where the hash falls, 0 to 100, as flagd reckoned before 0.15: with the hash taken as signed.
double percentile(std::uint32_t hash) {
  const double signed_hash = static_cast<std::int32_t>(hash);
  return std::abs(signed_hash) / 2'147'483'647.0 * 100;
}

std::uint32_t part_at(std::span<const Value> weights, double place) {
  std::uint32_t part = 0;
  for (double end = 0; part < weights.size(); ++part) {
    end += weights[part].number();  // whole numbers below 2^53: exact
    if (place < end) break;
  }
  return part;
}

// As flagd added them up before 0.15, share by share.
std::uint32_t part_at(std::span<const Value> weights, double place, std::int64_t total) {
  std::uint32_t part = 0;
  for (double end = 0; part < weights.size(); ++part) {
    end += 100 * weights[part].number() / static_cast<double>(total);
    if (place < end) break;
  }
  return part;
}

}  // namespace

std::span<const Value> LogicRun::arguments(const Step& step) {
  const std::span<Value> values = occasion_.scratch.values(step.count);
  for (std::uint32_t i = 0; i < values.size(); ++i) values[i] = argument(step, i);
  return values;
}

Value LogicRun::value_of(std::uint32_t index) {
  const Step& step = logic_.steps_[index];
  using Op = Logic::Op;
  switch (step.op) {
    case Op::constant:
      return step.constant;
    case Op::list:
      return list(step);
    case Op::var:
      return var(step);
    case Op::if_:
      return choice(step);
    case Op::equal:
    case Op::not_equal:
    case Op::strictly_equal:
    case Op::not_strictly_equal:
      return compared(step);
    case Op::less:
    case Op::less_or_equal:
    case Op::greater:
    case Op::greater_or_equal:
      return ordered(step);
    case Op::and_:
      return first_that_is(false, step);
    case Op::or_:
      return first_that_is(true, step);
    case Op::not_:
      return Value::of(!truthy(argument(step, 0)));
    case Op::in:
      return contained(step);
    case Op::cat:
      return joined(step);
    case Op::starts_with:
    case Op::ends_with:
      return affixed(step);
    case Op::sem_ver:
      return version(step);
    case Op::fractional:
      return fractional(step);
  }
  return {};
}

Value LogicRun::list(const Step& step) {
  const auto values = arguments(step);
  return values.size() == step.count ? Value::of(values) : Value{};
}

// No name, or an empty one, means everything.
Value LogicRun::var(const Step& step) {
  const Value name = step.count > 0 ? argument(step, 0) : Value{};
  std::string& text = occasion_.scratch.draft();
  if (!name.is_text()) append_text(name, text);
  const std::string_view wanted = name.is_text() ? name.text() : std::string_view(text);
  const Value found = occasion_.variables.find(wanted, occasion_.scratch);
  if (found.is_null() && wanted == kTargetingKey) occasion_.asked_in_vain = true;
  return found.is_null() && step.count > 1 ? argument(step, 1) : found;
}

Value LogicRun::choice(const Step& step) {
  std::uint32_t i = 0;
  for (; i + 1 < step.count; i += 2) {
    if (truthy(argument(step, i))) return argument(step, i + 1);
  }
  return i < step.count ? argument(step, i) : Value{};
}

Value LogicRun::compared(const Step& step) {
  using Op = Logic::Op;
  const bool is_strict = step.op == Op::strictly_equal || step.op == Op::not_strictly_equal;
  const bool is_negated = step.op == Op::not_equal || step.op == Op::not_strictly_equal;
  const Value a = argument(step, 0);
  const Value b = argument(step, 1);
  return Value::of((is_strict ? strictly_equal(a, b) : loosely_equal(a, b)) != is_negated);
}

Value LogicRun::ordered(const Step& step) {
  Value left = argument(step, 0);
  for (std::uint32_t i = 1; i < step.count; ++i) {
    const Value right = argument(step, i);
    if (!holds(step.op, order_of(left, right))) return Value::of(false);
    left = right;
  }
  return Value::of(true);
}

Value LogicRun::first_that_is(bool wanted, const Step& step) {
  Value value;
  for (std::uint32_t i = 0; i < step.count; ++i) {
    value = argument(step, i);
    if (truthy(value) == wanted) break;
  }
  return value;
}

Value LogicRun::contained(const Step& step) {
  const Value wanted = argument(step, 0);
  const Value all = argument(step, 1);
  if (all.is_text()) {
    return Value::of(wanted.is_text() && all.text().find(wanted.text()) != std::string_view::npos);
  }
  if (all.kind() != Value::Kind::list) return Value::of(false);
  for (const Value& one : all.items()) {
    if (strictly_equal(one, wanted)) return Value::of(true);
  }
  return Value::of(false);
}

Value LogicRun::joined(const Step& step) {
  const auto values = arguments(step);
  if (values.size() != step.count) return {};
  std::string& text = occasion_.scratch.draft();
  for (const Value& value : values) append_text(value, text);
  const auto kept = occasion_.scratch.keep(text);
  return kept ? Value::of(*kept) : Value{};
}

Value LogicRun::affixed(const Step& step) {
  const Value text = argument(step, 0);
  const Value affix = argument(step, 1);
  if (!text.is_text() || !affix.is_text()) return {};
  return Value::of(step.op == Logic::Op::starts_with ? text.text().starts_with(affix.text())
                                                     : text.text().ends_with(affix.text()));
}

Value LogicRun::version(const Step& step) {
  const Value left = argument(step, 0);
  const Value sign = argument(step, 1);
  const Value right = argument(step, 2);
  if (!left.is_text() || !sign.is_text() || !right.is_text()) return {};
  const auto test = sem_ver_test(sign.text());
  const auto result = test ? compare_sem_ver(left.text(), *test, right.text()) : std::nullopt;
  return result ? Value::of(*result) : Value{};
}

// A weight that is not given counts as 1, as flagd has it.
std::optional<std::int64_t> LogicRun::weight(const Step& step, std::uint32_t part) {
  const Value weight = argument(step, 2 + 2 * part);
  if (weight.is_null()) return 1;
  const double number = weight.is_number() ? weight.number() : -1;
  const bool is_whole =
      number >= 0 && number <= static_cast<double>(kWeightsMax) && number == std::trunc(number);
  return is_whole ? std::optional(static_cast<std::int64_t>(number)) : std::nullopt;
}

// Nothing where there is no key: neither the one that the rule names, nor the targeting key. A
// name that is made from a missing targeting key is none either: it would be everybody's.
std::optional<std::uint32_t> LogicRun::hash_of_key(const Step& step) {
  const std::uint32_t own = logic_.arguments_[step.first];
  if (own != LogicBuilder::kNoKey) {
    const bool before = std::exchange(occasion_.asked_in_vain, false);
    const Value key = value_of(own);
    if (std::exchange(occasion_.asked_in_vain, before)) return std::nullopt;
    if (key.is_text()) {
      if (key.text().empty()) return std::nullopt;
      return Murmur3().add(key.text()).finish();
    }
    if (!key.is_null()) return std::nullopt;
  }
  const Value key = occasion_.variables.find(kTargetingKey, occasion_.scratch);
  if (!key.is_text() || key.text().empty()) return std::nullopt;
  return Murmur3().add(occasion_.flag).add(key.text()).finish();
}

// Legacy, unless all weight is the monolith's.
Value LogicRun::without_key(const Step& step) {
  std::optional<Value> first;
  for (std::uint32_t part = 0; part < step.count / 2; ++part) {
    const auto weight_here = weight(step, part);
    if (!weight_here) return {};
    if (*weight_here == 0) continue;
    const Value variant = argument(step, 1 + 2 * part);
    const bool is_monolith =
        occasion_.is_monolith != nullptr && occasion_.is_monolith(occasion_.variants, variant);
    if (!is_monolith) {
      occasion_.key_missing = true;
      return {};
    }
    if (!first) first = variant;
  }
  return first.value_or(Value{});
}

Value LogicRun::fractional(const Step& step) {
  const auto hash = hash_of_key(step);
  if (!hash) return without_key(step);
  const std::span<Value> weights = occasion_.scratch.values(step.count / 2);
  if (weights.empty()) return {};
  std::int64_t total = 0;
  for (std::uint32_t part = 0; part < weights.size(); ++part) {
    const auto one = weight(step, part);
    if (!one) return {};
    weights[part] = Value::of(static_cast<double>(*one));
    total += *one;
  }
  if (total == 0 || total > kWeightsMax) return {};
  occasion_.bucket = scaled(*hash, kBuckets);
  const std::uint32_t part = occasion_.bucketing == Bucketing::integer
                                 ? part_at(weights, scaled(*hash, total))
                                 : part_at(weights, percentile(*hash), total);
  return part < weights.size() ? argument(step, 1 + 2 * part) : Value{};
}

}  // namespace banyan::routing
