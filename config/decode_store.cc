#include "config/decode_store.h"

#include <fmt/format.h>

#include <array>

namespace banyan::config {
namespace {

constexpr std::uint64_t kHour = 3'600'000;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr Range kMaxSize{kMiB, kMiB << 20U};
constexpr Range kMaxAge{kHour, 3'650 * 24 * kHour};
constexpr Range kSamples{0, 100};
constexpr Range kRedacted{0, 1'000};
constexpr Range kRedactedPatterns{0, 100};

void decode_redacted_paths(const Cursor& cursor, Store& out) {
  if (!check_sequence(cursor, kRedacted)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    PathPattern pattern;
    PathPattern::ParseError error;
    if (!item.node.is_text()) {
      item.fail_type("text");
    } else if (PathPattern::parse(item.node.text, pattern, error)) {
      out.redaction.paths.push_back(std::move(pattern));
    } else {
      item.fail(fmt::format("{}: {} (at character {})", quoted(item.node.text), error.message,
                            error.at + 1));
    }
  }
}

void decode_redacted_headers(const Cursor& cursor, Store& out) {
  if (!check_sequence(cursor, kRedacted)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    std::string name;
    if (read_text(cursor.item(i), read_token, name)) out.redaction.headers.push_back(name);
  }
}

void decode_redacted_patterns(const Cursor& cursor, Store& out) {
  if (!check_sequence(cursor, kRedactedPatterns)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    shadow::ValuePattern pattern;
    std::string error;
    if (!item.node.is_text()) {
      item.fail_type("text");
    } else if (shadow::ValuePattern::parse(item.node.text, pattern, error)) {
      out.redaction.patterns.push_back(std::move(pattern));
    } else {
      item.fail(quoted(item.node.text) + ": " + error);
    }
  }
}

constexpr std::array kRedactKeys{
    Key<Store>{"paths", decode_redacted_paths},
    Key<Store>{"headers", decode_redacted_headers},
    Key<Store>{"patterns", decode_redacted_patterns},
};

// With the place of what has to fit together.
struct StoreBlock : Store {
  Spot bodies_at;
};

void decode_values(const Cursor& cursor, StoreBlock& out) {
  constexpr std::array<std::string_view, 2> kWords{"full", "shape"};
  std::string word;
  if (read_one_of(cursor, kWords, word)) out.only_shapes = word == "shape";
}

void decode_redact(const Cursor& cursor, StoreBlock& out) {
  block<kRedactKeys, Store>(cursor, out);
}

void decode_bodies(const Cursor& cursor, StoreBlock& out) {
  out.bodies_at = {cursor.node.at, cursor.path};
  read(cursor, out.bodies);
}

constexpr std::array kStoreKeys{
    Key<StoreBlock>{"max_size", size<&Store::max_size, kMaxSize>},
    Key<StoreBlock>{"max_age", duration<&Store::max_age, kMaxAge>},
    Key<StoreBlock>{"samples", count<&Store::samples, kSamples>},
    Key<StoreBlock>{"values", decode_values},
    Key<StoreBlock>{"bodies", decode_bodies},
    Key<StoreBlock>{"redact", decode_redact, Need::optional, in_block<kRedactKeys>},
};

}  // namespace

void decode_store(const Cursor& cursor, Draft& draft) {
  StoreBlock store;
  block<kStoreKeys>(cursor, store);
  if (store.bodies && store.only_shapes) {
    cursor.problems.add(store.bodies_at.at, store.bodies_at.path,
                        "whole bodies are values, and store.values is \"shape\"");
  }
  draft.snapshot.store = std::move(store);
}

void list_store_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kStoreKeys>(prefix, paths);
}

}  // namespace banyan::config
