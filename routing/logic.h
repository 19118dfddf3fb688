// routing/logic.h: one rule of JsonLogic, compiled: a flat list of steps that nothing changes.
//
// Made once by LogicBuilder when a file is loaded, read by any thread. An evaluation takes no
// memory but that of the LogicScratch that it is lent, and ends after Logic::cost() steps: a part
// that several others use ($ref) is one step in the list, and counts each time.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "routing/logic_value.h"

namespace banyan::routing {

inline constexpr std::size_t kLogicDepthMax = 64;       // operators within each other, through $ref
inline constexpr std::uint64_t kLogicCostMax = 20'000;  // steps of one evaluation
inline constexpr std::int64_t kWeightsMax = 2'147'483'647;  // their sum, as flagd has it

// Memory of evaluations, one after another; one per thread.
class LogicScratch {
 public:
  static constexpr std::size_t kTextMax = 16 * 1024;
  static constexpr std::size_t kValuesMax = 4'096;

  LogicScratch();
  LogicScratch(const LogicScratch&) = delete;
  LogicScratch& operator=(const LogicScratch&) = delete;

  // Before each evaluation: what was handed out ends.
  void clear();
  // A copy that stays; nothing where there is no room.
  [[nodiscard]] std::optional<std::string_view> keep(std::string_view text);
  // Room for so many values; empty where there is none.
  [[nodiscard]] std::span<Value> values(std::size_t count);
  // Empty, and used again by the next one who asks.
  [[nodiscard]] std::string& draft() {
    draft_.clear();
    return draft_;
  }

 private:
  std::vector<char> text_;
  std::size_t text_used_ = 0;
  std::vector<Value> values_;
  std::size_t values_used_ = 0;
  std::string draft_;
};

// What a rule may ask for by name (`var`).
class Variables {
 public:
  // Null where there is none of that name. The text lives as long as the evaluation. Leaves the
  // scratch's draft alone.
  [[nodiscard]] virtual Value find(std::string_view name, LogicScratch& scratch) const = 0;

 protected:
  ~Variables() = default;
};

// How `fractional` finds the part of a key.
enum class Bucketing : std::uint8_t {
  integer,  // flagd from 0.15 on
  decimal,  // flagd before it: in floating point, and other users elsewhere
};

// Of one evaluation of a flag's rule.
struct Occasion {
  const Variables& variables;
  LogicScratch& scratch;
  std::string_view flag;
  Bucketing bucketing = Bucketing::integer;
  // Whether a value names a variant of the monolith; for a `fractional` without a key.
  bool (*is_monolith)(const void* variants, const Value& name) = nullptr;
  const void* variants = nullptr;

  // Told by the evaluation.
  bool key_missing = false;                  // a `fractional` had none, and needs one: legacy
  bool asked_in_vain = false;                // for the targeting key
  std::optional<std::uint32_t> bucket = {};  // of kBuckets, of the last `fractional`
};

class Logic {
 public:
  enum class Op : std::uint8_t {
    constant,
    list,
    var,
    if_,
    equal,
    not_equal,
    strictly_equal,
    not_strictly_equal,
    less,
    less_or_equal,
    greater,
    greater_or_equal,
    and_,
    or_,
    not_,
    in,
    cat,
    starts_with,
    ends_with,
    sem_ver,
    fractional
  };

  Logic(Logic&&) = default;
  Logic& operator=(Logic&&) = default;

  [[nodiscard]] Value evaluate(Occasion& occasion) const;
  // Steps that an evaluation takes at most.
  [[nodiscard]] std::uint64_t cost() const { return cost_; }

 private:
  friend class LogicBuilder;
  friend class LogicRun;
  struct Step {
    Op op = Op::constant;
    std::uint32_t first = 0;  // of its arguments in arguments_
    std::uint32_t count = 0;
    Value constant;
  };

  Logic() = default;

  std::vector<Step> steps_;
  std::vector<std::uint32_t> arguments_;  // indices of steps
  std::deque<std::string> texts_;         // what constants point to
  std::deque<std::vector<Value>> lists_;
  std::uint32_t root_ = 0;
  std::uint64_t cost_ = 0;
};

// From the leaves to the root. The arguments of `fractional` are the key, or kNoKey, and then a
// variant and a weight in turns.
class LogicBuilder {
 public:
  using Id = std::uint32_t;
  static constexpr Id kNoKey = 0;  // the first step is null

  LogicBuilder();

  [[nodiscard]] Id constant(Value value);  // its text is copied
  [[nodiscard]] Id list(std::span<const Id> items);
  [[nodiscard]] Id operation(Logic::Op op, std::span<const Id> arguments);

  [[nodiscard]] std::size_t depth(Id id) const { return depths_[id]; }
  [[nodiscard]] std::uint64_t cost(Id id) const { return costs_[id]; }
  // Of a constant; nothing of anything else.
  [[nodiscard]] std::optional<Value> value(Id id) const;
  [[nodiscard]] Logic finish(Id root) &&;

 private:
  [[nodiscard]] Id add(Logic::Op op, Value value, std::span<const Id> arguments);

  Logic logic_;
  std::vector<std::size_t> depths_;
  std::vector<std::uint64_t> costs_;
};

}  // namespace banyan::routing
