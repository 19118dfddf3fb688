// shadow/diff/json_hash.h: a number for each value of a document, the same for equal values.
//
// Made to find elements that belong together, never to call them equal: whoever pairs two values
// by it still compares them. Under the rules of a comparison: what is ignored does not count, the
// order of unordered and keyed arrays does not either, and what has a tolerance is any value.
#pragma once

#include <cstdint>
#include <vector>

#include "shadow/diff/json_tape.h"
#include "shadow/diff/rule_walk.h"

namespace banyan::shadow {

class JsonHashes {
 public:
  explicit JsonHashes(const JsonTape& tape) : tape_(tape) {}

  // Of the value at entry `at`, where `walk` stands. Each value is looked at once, however often
  // it is asked for. Recursion is bounded by kJsonDepthMax.
  [[nodiscard]] std::uint64_t of(std::uint32_t at, RuleWalk& walk);
  // Of a value that was hashed before, itself or within another.
  [[nodiscard]] std::uint64_t known(std::uint32_t at) const { return hashes_[at]; }
  // The same of a member, name and value, by the entry of its name.
  [[nodiscard]] std::uint64_t known_member(std::uint32_t name) const { return hashes_[name]; }

 private:
  [[nodiscard]] std::uint64_t hash(std::uint32_t at, RuleWalk& walk);
  [[nodiscard]] std::uint64_t of_elements(std::uint32_t at, RuleWalk& walk);
  [[nodiscard]] std::uint64_t of_members(std::uint32_t at, RuleWalk& walk);

  const JsonTape& tape_;
  std::vector<std::uint64_t> hashes_;  // by entry, under a name that of the member; 0: not yet
};

}  // namespace banyan::shadow
