// config/block.h: the keys of one mapping as a table.
//
// A table is the only place that knows which keys there are: decoding, "did you mean" and the list
// of all keys read it.
#pragma once

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.h"

namespace banyan::config {

inline constexpr std::size_t kBlockKeysMax = 1'000;  // of one mapping, right and wrong ones

enum class Need : std::uint8_t { optional, required };

using KeyList = void (*)(const std::string& prefix, std::vector<std::string>& paths);

// A key of a mapping that is decoded into a T.
template <class T>
struct Key {
  std::string_view name;
  void (*decode)(const Cursor& cursor, T& out);
  Need need = Need::optional;
  KeyList list = nullptr;  // the keys below this one
};

template <class T>
using Keys = std::span<const Key<T>>;

// Decodes the members in the order of the file; an unknown, a duplicate and a missing key are
// reported. False where there is no mapping to look at.
template <class T>
bool decode_block(const Cursor& cursor, T& out, Keys<T> keys) {
  const auto members = members_of(cursor, kBlockKeysMax);
  if (!members) return false;
  std::vector<std::string_view> names, given;
  for (const Key<T>& key : keys) names.push_back(key.name);
  for (const std::size_t i : *members) {
    const Node::Key& written = cursor.node.keys[i];
    const auto key = std::find(names.begin(), names.end(), written.text);
    if (key == names.end()) {
      cursor.problems.add(written.at, path_to(cursor.path, written.text),
                          "unknown key" + did_you_mean(written.text, names));
      continue;
    }
    given.push_back(*key);
    keys[static_cast<std::size_t>(key - names.begin())].decode(cursor.member(i), out);
  }
  for (const Key<T>& key : keys) {
    if (key.need == Need::optional) continue;
    if (std::find(given.begin(), given.end(), key.name) != given.end()) continue;
    cursor.problems.add(cursor.node.at, path_to(cursor.path, key.name), "missing, but required");
  }
  return true;
}

// `keys`: an array of Key<T>, of any T.
void list_keys(const std::string& prefix, const auto& keys, std::vector<std::string>& paths) {
  for (const auto& key : keys) {
    const std::string path = prefix + std::string(key.name);
    paths.push_back(path);
    if (key.list != nullptr) key.list(path, paths);
  }
}

// What stands in a table's `decode`: one member of T, in the reader's language.
template <auto kMember, Range kRange, class T>
void duration(const Cursor& cursor, T& out) {
  read_duration(cursor, kRange, out.*kMember);
}
// Into an optional member.
template <auto kMember, Range kRange, class T>
void given_duration(const Cursor& cursor, T& out) {
  Milliseconds duration{};
  if (read_duration(cursor, kRange, duration)) out.*kMember = duration;
}
template <auto kMember, Range kRange, class T>
void size(const Cursor& cursor, T& out) {
  read_size(cursor, kRange, out.*kMember);
}
template <auto kMember, Range kRange, class T>
void count(const Cursor& cursor, T& out) {
  read(cursor, kRange, out.*kMember);
}
template <auto kMember, class T>
void boolean(const Cursor& cursor, T& out) {
  read(cursor, out.*kMember);
}
template <auto kMember, Read<std::string> (*kGrammar)(std::string_view), class T>
void text(const Cursor& cursor, T& out) {
  read_text(cursor, kGrammar, out.*kMember);
}
// A mapping within the mapping: into the same T, or into a member of it.
template <const auto& kKeys, class T>
void block(const Cursor& cursor, T& out) {
  decode_block<T>(cursor, out, kKeys);
}
template <const auto& kKeys, auto kMember, class T>
void member_block(const Cursor& cursor, T& out) {
  block<kKeys>(cursor, out.*kMember);
}

// What stands in `list`: the keys of a mapping, of the mappings in a list, of those under names.
template <const auto& kKeys>
void in_block(const std::string& prefix, std::vector<std::string>& paths) {
  list_keys(prefix + ".", kKeys, paths);
}
template <const auto& kKeys>
void in_items(const std::string& prefix, std::vector<std::string>& paths) {
  list_keys(prefix + "[].", kKeys, paths);
}
template <const auto& kKeys>
void in_named(const std::string& prefix, std::vector<std::string>& paths) {
  list_keys(prefix + ".NAME.", kKeys, paths);
}

}  // namespace banyan::config
