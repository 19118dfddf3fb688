// config/cursor.h: one value of the file, the way to it, and where its problems go.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/problems.h"
#include "config/scalar.h"
#include "config/yaml_tree.h"

namespace banyan::config {

// Inclusive. Of durations in milliseconds, of sizes in bytes.
struct Range {
  std::uint64_t min = 0;
  std::uint64_t max = 0;
};

// Text with its place, for checks that need the whole file. Empty where the file has none that is
// usable, which has been reported.
struct Word {
  std::string text;
  std::size_t at = 0;
  std::string path;
};

struct Cursor {
  const Node& node;
  std::string path;
  Problems& problems;

  void fail(std::string message) const { problems.add(node.at, path, std::move(message)); }
  // `expected WHAT, found ...`; nothing of a value that was refused before.
  void fail_type(std::string_view expected) const;
  [[nodiscard]] Cursor item(std::size_t index) const;    // of a sequence
  [[nodiscard]] Cursor member(std::size_t index) const;  // of a mapping
};

// `a.b`, and `a["b c"]` for what is not a usual key.
[[nodiscard]] std::string path_to(const std::string& path, std::string_view key);

// The readers report what is wrong, leave `out` alone then, and answer false.
bool read(const Cursor& cursor, bool& out);
bool read(const Cursor& cursor, Range range, std::uint64_t& out);  // a whole number
bool read_duration(const Cursor& cursor, Range range, Milliseconds& out);
bool read_size(const Cursor& cursor, Range range, std::uint64_t& out);
bool read_percent(const Cursor& cursor, std::uint32_t& millipercent);
bool read_address(const Cursor& cursor, Range ports, Address& out);
// A list of networks.
bool read_networks(const Cursor& cursor, Range items, std::vector<IpNetwork>& out);
bool read_endpoint(const Cursor& cursor, Range ports, Address& out);
// Text in the grammar of `grammar`.
bool read_text(const Cursor& cursor, Read<std::string> (*grammar)(std::string_view),
               std::string& out);
bool read_word(const Cursor& cursor, Read<std::string> (*grammar)(std::string_view), Word& out);
bool read_one_of(const Cursor& cursor, std::span<const std::string_view> words, std::string& out);

// A plain `word`, which some keys take instead of a value of their own kind.
[[nodiscard]] bool is_word(const Node& node, std::string_view word);
// A sequence of min..max items; reports what else it is.
bool check_sequence(const Cursor& cursor, Range items);
// The indices of the members of a mapping, each key once; duplicate keys, more than `max` and what
// is no mapping are reported, and without a mapping to look at there is nothing.
[[nodiscard]] std::optional<std::vector<std::size_t>> members_of(const Cursor& cursor,
                                                                 std::size_t max);

}  // namespace banyan::config
