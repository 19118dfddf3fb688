#include "routing/logic.h"

#include <algorithm>
#include <utility>

#include "routing/logic_run.h"

namespace banyan::routing {

LogicScratch::LogicScratch() : text_(kTextMax), values_(kValuesMax) {}

void LogicScratch::clear() {
  text_used_ = 0;
  values_used_ = 0;
}

std::optional<std::string_view> LogicScratch::keep(std::string_view text) {
  if (text.size() > text_.size() - text_used_) return std::nullopt;
  char* const place = text_.data() + text_used_;
  std::copy(text.begin(), text.end(), place);
  text_used_ += text.size();
  return std::string_view(place, text.size());
}

std::span<Value> LogicScratch::values(std::size_t count) {
  if (count > values_.size() - values_used_) return {};
  const std::span<Value> room = std::span(values_).subspan(values_used_, count);
  values_used_ += count;
  return room;
}

Value Logic::evaluate(Occasion& occasion) const {
  occasion.scratch.clear();
  return LogicRun(*this, occasion).value_of(root_);
}

LogicBuilder::LogicBuilder() { static_cast<void>(add(Logic::Op::constant, {}, {})); }

LogicBuilder::Id LogicBuilder::add(Logic::Op op, Value value, std::span<const Id> arguments) {
  std::size_t depth = 0;
  std::uint64_t cost = 1;
  for (const Id id : arguments) {
    depth = std::max(depth, depths_[id]);
    cost = std::min(cost + costs_[id], kLogicCostMax + 1);
  }
  depths_.push_back(depth + (op == Logic::Op::constant ? 0 : 1));
  costs_.push_back(cost);
  logic_.steps_.push_back({op, static_cast<std::uint32_t>(logic_.arguments_.size()),
                           static_cast<std::uint32_t>(arguments.size()), value});
  logic_.arguments_.insert(logic_.arguments_.end(), arguments.begin(), arguments.end());
  return static_cast<Id>(logic_.steps_.size() - 1);
}

LogicBuilder::Id LogicBuilder::constant(Value value) {
  if (value.is_text()) {
    value = Value::of(std::string_view(logic_.texts_.emplace_back(value.text())));
  }
  return add(Logic::Op::constant, value, {});
}

// A list of constants is one itself.
LogicBuilder::Id LogicBuilder::list(std::span<const Id> items) {
  std::vector<Value> values;
  for (const Id id : items) {
    if (const auto known = value(id)) values.push_back(*known);
  }
  if (values.size() != items.size()) return operation(Logic::Op::list, items);
  const auto& kept = logic_.lists_.emplace_back(std::move(values));
  const Id id = add(Logic::Op::constant, Value::of(std::span(kept)), {});
  costs_[id] = std::min<std::uint64_t>(1 + kept.size(), kLogicCostMax + 1);  // it may be searched
  return id;
}

LogicBuilder::Id LogicBuilder::operation(Logic::Op op, std::span<const Id> arguments) {
  return add(op, {}, arguments);
}

std::optional<Value> LogicBuilder::value(Id id) const {
  const Logic::Step& step = logic_.steps_[id];
  return step.op == Logic::Op::constant ? std::optional(step.constant) : std::nullopt;
}

Logic LogicBuilder::finish(Id root) && {
  logic_.root_ = root;
  logic_.cost_ = costs_[root];
  return std::move(logic_);
}

}  // namespace banyan::routing
