// shadow/diff/json_elements.h: which elements of two arrays belong together. Pure.
#pragma once

#include <string>
#include <vector>

#include "shadow/diff/alignment.h"
#include "shadow/diff/json_hash.h"
#include "shadow/diff/json_same.h"
#include "shadow/diff/json_tape.h"
#include "shadow/diff/rule_walk.h"

namespace banyan::shadow {

// Of one pair of documents.
class JsonElements {
 public:
  JsonElements(const JsonTape& left, const JsonTape& right, JsonSame& same)
      : left_(left),
        right_(right),
        same_(same),
        left_hashes_(left),
        right_hashes_(right),
        left_keys_(left),
        right_keys_(right) {}

  struct Sides {
    // The elements' entries; of lists in order without those at both ends that are the same.
    std::vector<std::uint32_t> left;
    std::vector<std::uint32_t> right;
    std::uint32_t first = 0;         // how many are left out in front
    std::vector<AlignedPair> pairs;  // indexes into both
    bool in_order = true;            // the pairs ascend on both sides
    bool moved = false;              // the same elements, in another order
    bool cut = false;                // as Alignment::cut
  };
  // `walk` stands at the arrays, which are entries l and r.
  [[nodiscard]] Sides pair(std::uint32_t l, std::uint32_t r, RuleWalk& walk);

 private:
  void leave_out_same_ends(Sides& sides);
  void align_elements(Sides& sides, RuleWalk& walk);
  void match_elements(Sides& sides, RuleWalk& walk);
  void match_keys(Sides& sides, const std::string& key);
  [[nodiscard]] std::uint32_t likeness(std::uint32_t l, std::uint32_t r) const;
  [[nodiscard]] std::uint32_t member_likeness(std::uint32_t l, std::uint32_t r) const;

  const JsonTape& left_;
  const JsonTape& right_;
  JsonSame& same_;
  JsonHashes left_hashes_;
  JsonHashes right_hashes_;
  JsonHashes left_keys_;  // of keys, without any rule
  JsonHashes right_keys_;
  std::uint32_t cells_ = kCellsMax;
};

}  // namespace banyan::shadow
