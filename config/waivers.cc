#include "config/waivers.h"

#include <array>

#include "config/block.h"
#include "config/yaml_tree.h"

namespace banyan::config {
namespace {

using shadow::Waiver;

constexpr Range kWaivers{0, kWaiversMax};
constexpr std::size_t kTextMax = 1'024;

// Text that is shown as it is; not empty.
bool read_shown(const Cursor& cursor, std::string_view expected, std::string& out) {
  const std::string& text = cursor.node.text;
  if (!cursor.node.is_scalar() || cursor.node.is_null()) {
    cursor.fail_type(expected);
    return false;
  }
  if (text.empty() || text.size() > kTextMax) {
    cursor.fail(text.empty() ? "must not be empty" : "is longer than 1024 bytes");
    return false;
  }
  out = text;
  return true;
}

void decode_path(const Cursor& cursor, Waiver& out) {
  std::string path, problem;
  if (!read_shown(cursor, "a path such as $.items[*].price", path)) return;
  if (!shadow::set_path(out, path, problem)) cursor.fail(quoted(path) + ": " + problem);
}

void decode_endpoint(const Cursor& cursor, Waiver& out) {
  read_shown(cursor, "an endpoint such as GET /orders/{id}", out.endpoint);
}

void decode_migration(const Cursor& cursor, Waiver& out) {
  read_text(cursor, read_name, out.migration);
}

void decode_kind(const Cursor& cursor, Waiver& out) {
  std::array<std::string_view, shadow::kKindCount + 1> words{shadow::kTooLittleTraffic};
  for (std::size_t i = 0; i < shadow::kKindCount; ++i) {
    words[i + 1] = to_string(static_cast<shadow::Kind>(i));
  }
  std::string word;
  if (!read_one_of(cursor, words, word)) return;
  out.too_little_traffic = word == shadow::kTooLittleTraffic;
  for (std::size_t i = 0; i < shadow::kKindCount; ++i) {
    if (word == words[i + 1]) out.kind = static_cast<shadow::Kind>(i);
  }
}

void decode_reason(const Cursor& cursor, Waiver& out) {
  read_shown(cursor, "why this is accepted", out.reason);
}

void decode_until(const Cursor& cursor, Waiver& out) {
  const auto end = cursor.node.is_scalar() ? shadow::waiver_end(cursor.node.text) : std::nullopt;
  if (!end) return cursor.fail_type("a day such as 2026-12-31, or a time 2026-12-31T12:00:00Z");
  out.until = *end;
  out.until_text = cursor.node.text;
}

constexpr std::array kWaiverKeys{
    Key<Waiver>{"path", decode_path},
    Key<Waiver>{"endpoint", decode_endpoint},
    Key<Waiver>{"migration", decode_migration},
    Key<Waiver>{"kind", decode_kind},
    Key<Waiver>{"reason", decode_reason, Need::required},
    Key<Waiver>{"until", decode_until},
};

bool gives(const Cursor& cursor, std::string_view key) {
  return std::any_of(cursor.node.keys.begin(), cursor.node.keys.end(),
                     [&](const Node::Key& given) { return given.text == key; });
}

void decode_waiver(const Cursor& cursor, std::vector<Waiver>& out) {
  Waiver waiver;
  if (!decode_block<Waiver>(cursor, waiver, kWaiverKeys)) return;
  if (waiver.too_little_traffic) {
    if (!gives(cursor, "endpoint")) cursor.fail("too_little_traffic needs an endpoint");
    if (gives(cursor, "path")) cursor.fail("too_little_traffic has no path");
  } else if (!gives(cursor, "path")) {
    cursor.fail("needs a path: what accepts everything would hide everything");
  }
  out.push_back(std::move(waiver));
}

}  // namespace

LoadedWaivers load_waivers(std::string_view yaml) {
  LoadedWaivers loaded;
  Problems problems(yaml);
  const std::optional<Node> root = parse_yaml(yaml, problems);
  if (root && !root->is_null()) {
    const Cursor cursor{*root, {}, problems};
    if (check_sequence(cursor, kWaivers)) {
      for (std::size_t i = 0; i < root->items.size(); ++i) {
        decode_waiver(cursor.item(i), loaded.waivers);
      }
    }
  }
  loaded.problems = problems.take();
  shadow::sort_waivers(loaded.waivers);
  return loaded;
}

}  // namespace banyan::config
