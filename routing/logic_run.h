// routing/logic_run.h: one evaluation of a rule, operator by operator.
//
// What an operator can not work with gives null, never an error: null is false in a condition, and
// as the whole rule's value it means the flag's default variant (as in flagd).
#pragma once

#include <cstdint>
#include <string_view>

#include "routing/logic.h"

namespace banyan::routing {

class LogicRun {
 public:
  LogicRun(const Logic& logic, Occasion& occasion) : logic_(logic), occasion_(occasion) {}

  [[nodiscard]] Value value_of(std::uint32_t step);

 private:
  using Step = Logic::Step;

  [[nodiscard]] Value argument(const Step& step, std::uint32_t index) {
    return value_of(logic_.arguments_[step.first + index]);
  }
  // All of them, in the scratch; empty where there are none or no room.
  [[nodiscard]] std::span<const Value> arguments(const Step& step);

  [[nodiscard]] Value list(const Step& step);
  [[nodiscard]] Value var(const Step& step);
  [[nodiscard]] Value choice(const Step& step);
  [[nodiscard]] Value compared(const Step& step);
  [[nodiscard]] Value ordered(const Step& step);
  // The first that is `wanted` decides, else the last.
  [[nodiscard]] Value first_that_is(bool wanted, const Step& step);
  [[nodiscard]] Value contained(const Step& step);
  [[nodiscard]] Value joined(const Step& step);
  [[nodiscard]] Value affixed(const Step& step);
  [[nodiscard]] Value version(const Step& step);
  [[nodiscard]] Value fractional(const Step& step);

  // Of the n-th part of a `fractional`; nothing where it is no whole number from 0 on.
  [[nodiscard]] std::optional<std::int64_t> weight(const Step& step, std::uint32_t part);
  [[nodiscard]] Value without_key(const Step& step);
  [[nodiscard]] std::optional<std::uint32_t> hash_of_key(const Step& step);

  const Logic& logic_;
  Occasion& occasion_;
};

}  // namespace banyan::routing
