#include "shadow/diff/json_hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "shadow/diff/json_number.h"

namespace banyan::shadow {
namespace {

constexpr std::uint64_t kMultiplier = 0x9e3779b97f4a7c15U;

std::uint64_t mixed(std::uint64_t hash) {
  hash ^= hash >> 32U;
  hash *= kMultiplier;
  return hash ^ (hash >> 29U);
}

std::uint64_t of_text(std::string_view text) { return XXH3_64bits(text.data(), text.size()); }

}  // namespace

std::uint64_t JsonHashes::of(std::uint32_t at, RuleWalk& walk) {
  if (hashes_.empty()) hashes_.resize(tape_.size());
  if (hashes_[at] == 0) {
    const std::uint64_t type = static_cast<std::uint64_t>(tape_[at].type) + 1;
    const std::uint64_t found = mixed(hash(at, walk) + type * kMultiplier);
    hashes_[at] = found == 0 ? 1 : found;
  }
  return hashes_[at];
}

std::uint64_t JsonHashes::hash(std::uint32_t at, RuleWalk& walk) {
  const JsonEntry& entry = tape_[at];
  if (walk.here().ignored) return 0;
  switch (entry.type) {
    case JsonType::null:
      return 0;
    case JsonType::array:
      return of_elements(at, walk);
    case JsonType::object:
      return of_members(at, walk);
    case JsonType::number:
      return walk.here().tolerance != nullptr ? 0 : hash_number(entry.text);
    default:
      return walk.here().tolerance != nullptr ? 0 : of_text(entry.text);
  }
}

std::uint64_t JsonHashes::of_elements(std::uint32_t at, RuleWalk& walk) {
  const bool any_order = walk.here().unordered || walk.here().key != nullptr;
  std::uint64_t hash = tape_[at].count;
  std::uint32_t child = at + 1;
  for (std::uint32_t i = 0; i < tape_[at].count; ++i) {
    walk.enter_element(i);
    const std::uint64_t element = of(child, walk);
    walk.leave();
    hash = any_order ? hash + element : mixed(hash + element);
    child = tape_[child].next;
  }
  return hash;
}

// A sum: the order of members means nothing.
std::uint64_t JsonHashes::of_members(std::uint32_t at, RuleWalk& walk) {
  std::uint64_t hash = 0;
  std::uint32_t name = at + 1;
  for (std::uint32_t i = 0; i < tape_[at].count; ++i) {
    walk.enter_member(tape_[name].text);
    const std::uint64_t value = of(name + 1, walk);
    hashes_[name] = mixed(of_text(tape_[name].text) ^ value);
    if (!walk.here().ignored) hash += hashes_[name];
    walk.leave();
    name = tape_[name + 1].next;
  }
  return hash;
}

}  // namespace banyan::shadow
