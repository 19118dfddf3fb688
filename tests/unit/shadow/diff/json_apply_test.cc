// Without rules and truncation, applying all differences to the left gives the right; and each
// names a place that a side has.
#include <gtest/gtest.h>

#include <map>
#include <optional>

#include "shadow/diff/json_tape.h"
#include "shadow/diff/proto_json.h"
#include "shadow/diff/proto_scalar.h"
#include "tests/support/seed.h"
#include "tests/unit/shadow/pairs.h"
#include "tests/unit/shadow/random_json.h"

namespace banyan::shadow {
namespace {

using test::RandomJson;
using test::RandomValue;

constexpr int kRounds = 2'000;
constexpr int kDepth = 4;

struct Step {
  std::string name;
  std::optional<std::size_t> index;
};
using Steps = std::vector<Step>;

Steps steps_of(std::string_view path) {
  Steps steps;
  path.remove_prefix(1);
  while (!path.empty()) {
    Step step;
    if (path.starts_with("['")) {
      std::size_t at = 2;
      for (; path[at] != '\''; ++at) {
        if (path[at] == '\\') ++at;
        step.name += path[at];
      }
      path.remove_prefix(at + 2);
    } else if (path.starts_with('[')) {
      const std::size_t end = path.find(']');
      step.index = std::stoul(std::string(path.substr(1, end - 1)));
      path.remove_prefix(end + 1);
    } else {
      const std::size_t end = std::min(path.find_first_of(".[", 1), path.size());
      step.name = path.substr(1, end - 1);
      path.remove_prefix(end);
    }
    steps.push_back(step);
  }
  return steps;
}

RandomValue tree_of(const JsonTape& tape, std::uint32_t at) {
  const JsonEntry& entry = tape[at];
  RandomValue value;
  if (entry.type == JsonType::string) {
    append_json_string(entry.text, value.text);
  } else if (entry.type != JsonType::array && entry.type != JsonType::object) {
    value.text = entry.text;
  } else {
    const bool object = entry.type == JsonType::object;
    value.type = object ? RandomValue::Type::object : RandomValue::Type::array;
    std::uint32_t child = at + 1;
    for (std::uint32_t i = 0; i < entry.count; ++i) {
      const std::string name(object ? tape[child].text : std::string_view());
      if (object) ++child;
      value.members.emplace_back(name, tree_of(tape, child));
      child = tape[child].next;
    }
  }
  return value;
}

RandomValue tree_of(const std::string& text) {
  JsonTape tape;
  if (!tape.parse(text)) throw std::invalid_argument(text);
  return tree_of(tape, 0);
}

enum class Side { unknown, left, right };

// A difference on its way down.
struct Change {
  const Difference* difference;
  Steps steps;
  std::size_t depth = 0;
  Side side = Side::unknown;
  [[nodiscard]] bool is_here() const { return depth == steps.size(); }
  [[nodiscard]] bool is_next() const { return depth + 1 == steps.size(); }
};
using Changes = std::vector<Change>;

void apply_changes(RandomValue& value, const Changes& changes);

void apply_to_object(RandomValue& value, const Changes& changes) {
  for (auto member = value.members.begin(); member != value.members.end();) {
    Changes below;
    bool removed = false;
    for (Change change : changes) {
      if (change.steps[change.depth].name != member->first) continue;
      removed = removed || (change.is_next() && change.difference->kind == Kind::missing);
      ++change.depth;
      below.push_back(change);
    }
    if (removed) {
      member = value.members.erase(member);
      continue;
    }
    apply_changes(member->second, below);
    ++member;
  }
  for (const Change& change : changes) {
    if (!change.is_next() || change.difference->kind != Kind::extra) continue;
    value.members.emplace_back(change.steps[change.depth].name, tree_of(change.difference->right));
  }
}

// What is left of the left elements and what is not new of the right ones belong together in their
// order; a path has the smaller index of a pair.
void apply_to_array(RandomValue& value, const Changes& changes) {
  std::vector<bool> missing(value.members.size());
  std::map<std::size_t, const Difference*> extra;
  for (const Change& change : changes) {
    if (!change.is_next()) continue;
    const std::size_t index = *change.steps[change.depth].index;
    if (change.difference->kind == Kind::missing) missing.at(index) = true;
    if (change.difference->kind == Kind::extra) extra[index] = change.difference;
  }
  std::vector<std::pair<std::string, RandomValue>> right;
  const auto add_extra = [&] {
    for (auto at = extra.find(right.size()); at != extra.end(); at = extra.find(right.size())) {
      right.emplace_back("", tree_of(at->second->right));
    }
  };
  for (std::size_t l = 0; l < value.members.size(); ++l) {
    if (missing[l]) continue;
    add_extra();
    const std::size_t r = right.size();
    Changes below;
    for (Change change : changes) {
      const bool alone =
          change.difference->kind == Kind::missing || change.difference->kind == Kind::extra;
      if (change.is_next() && alone) continue;
      const std::size_t index = *change.steps[change.depth].index;
      const Kind kind = change.difference->kind;
      Side side = change.side;
      if (kind == Kind::missing) side = Side::left;
      if (kind == Kind::extra) side = Side::right;
      if (side == Side::unknown && index == std::min(l, r) && l != r) {
        side = l < r ? Side::left : Side::right;
      } else if (index != (side == Side::right ? r : side == Side::left ? l : std::min(l, r))) {
        continue;
      }
      change.side = kind == Kind::missing || kind == Kind::extra ? change.side : side;
      ++change.depth;
      below.push_back(change);
    }
    apply_changes(value.members[l].second, below);
    right.push_back(value.members[l]);
  }
  add_extra();
  value.members = std::move(right);
}

void apply_changes(RandomValue& value, const Changes& changes) {
  for (const Change& change : changes) {
    if (!change.is_here()) continue;
    value = tree_of(change.difference->right);
    return;
  }
  if (changes.empty()) return;
  if (value.type == RandomValue::Type::object) apply_to_object(value, changes);
  if (value.type == RandomValue::Type::array) apply_to_array(value, changes);
}

bool has_place(const RandomValue& value, const Steps& steps, std::size_t depth = 0) {
  if (depth == steps.size()) return true;
  const Step& step = steps[depth];
  for (std::size_t i = 0; i < value.members.size(); ++i) {
    const bool is_it = value.type == RandomValue::Type::array
                           ? step.index == i
                           : !step.index && value.members[i].first == step.name;
    if (is_it) return has_place(value.members[i].second, steps, depth + 1);
  }
  return false;
}

class Mutation {
 public:
  Mutation(RandomJson& json, std::mt19937_64& random) : json_(json), random_(random) {}

  void mutate(RandomValue& value) {
    if (value.type == RandomValue::Type::array && random_() % 2 == 0) {
      const std::size_t at = random_() % (value.members.size() + 1);
      const auto where = value.members.begin() + static_cast<std::ptrdiff_t>(at);
      if (random_() % 2 == 0) {
        value.members.insert(where, {"", json_.value(1)});
      } else if (where != value.members.end()) {
        value.members.erase(where);
      }
    }
    for (auto& member : value.members) {
      if (random_() % 3 == 0) mutate(member.second);
    }
    if (value.type == RandomValue::Type::scalar && random_() % 2 == 0) value = json_.value(1);
  }

 private:
  RandomJson& json_;
  std::mt19937_64& random_;
};

TEST(JsonApply, ApplyingAllDifferencesToTheLeftGivesTheRight) {
  std::mt19937_64 random = banyan::test::seeded_random();
  RandomJson json(random);
  CompareRules rules;
  rules.differences_max = 1'000'000;
  rules.shown_bytes_max = 1'000'000;
  int different = 0;
  for (int i = 0; i < kRounds; ++i) {
    const RandomValue left = json.value(kDepth);
    RandomValue right = left;
    if (i % 4 == 0) {
      right = json.value(kDepth);
    } else {
      Mutation(json, random).mutate(right);
    }
    const Comparison comparison = test::compare_documents(left.written(), right.written(), rules);
    Changes changes;
    for (const Difference& d : comparison.differences) {
      const Steps steps = steps_of(d.path);
      ASSERT_TRUE(has_place(left, steps) || has_place(right, steps)) << d.path << '\n'
                                                                     << left.written() << '\n'
                                                                     << right.written();
      changes.push_back({&d, steps});
    }
    if (!changes.empty()) ++different;
    RandomValue applied = left;
    apply_changes(applied, changes);
    ASSERT_EQ(test::compare_documents(applied.written(), right.written()).verdict, Verdict::match)
        << left.written() << '\n'
        << right.written() << '\n'
        << applied.written();
  }
  EXPECT_GT(different, kRounds / 3);
}

}  // namespace
}  // namespace banyan::shadow
