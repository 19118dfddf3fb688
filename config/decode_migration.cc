#include "config/decode_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/path_pattern.h"
#include "base/stable_hash.h"

namespace banyan::config {
namespace {

constexpr Range kMigrations{0, 1'000};
constexpr Range kRules{1, 256};
constexpr Range kSources{0, 16};
constexpr Range kIgnored{0, 1'000};
constexpr Range kMethods{1, 100};
constexpr Range kShadowWait{1, 10 * 60 * 1'000};
constexpr Range kInFlight{1, 100'000};
constexpr Range kConnections{1, 10'000};
constexpr Range kExchangeBudget{1ULL << 10, 64ULL << 20};
constexpr Range kMigrationBudget{1ULL << 10, 16ULL << 30};

// match

constexpr std::array kRuleKeys{
    Key<routing::MatchRule>{"path_prefix",
                            text<&routing::MatchRule::path_prefix, read_path_prefix>},
    Key<routing::MatchRule>{"host", text<&routing::MatchRule::host, read_host>},
};

// True where the rule may take part in the search for ties.
bool decode_rule(const Cursor& cursor, routing::MatchRule& rule) {
  if (!decode_block<routing::MatchRule>(cursor, rule, kRuleKeys)) return false;
  if (cursor.node.items.empty()) {
    cursor.fail("needs path_prefix or host; path_prefix: / matches every request");
  }
  return std::all_of(cursor.node.keys.begin(), cursor.node.keys.end(), [&](const Node::Key& key) {
    return key.text == "host" ? !rule.host.empty() : !rule.path_prefix.empty();
  });
}

void decode_match(const Cursor& cursor, DraftMigration& out) {
  if (!check_sequence(cursor, kRules)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    routing::MatchRule rule;
    if (!decode_rule(item, rule)) continue;
    out.route.match.push_back(std::move(rule));
    out.rules.push_back({item.node.at, item.path});
  }
}

// sticky

template <routing::StickySource::Kind kKind>
void decode_source(const Cursor& cursor, routing::StickySource& out) {
  out.kind = kKind;
  read_text(cursor, read_token, out.name);
}

constexpr std::array kSourceKeys{
    Key<routing::StickySource>{"header", decode_source<routing::StickySource::Kind::header>},
    Key<routing::StickySource>{"cookie", decode_source<routing::StickySource::Kind::cookie>},
};

void decode_sticky(const Cursor& cursor, DraftMigration& out) {
  if (!check_sequence(cursor, kSources)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    routing::StickySource source;
    if (!decode_block<routing::StickySource>(item, source, kSourceKeys)) continue;
    if (item.node.items.size() != 1) item.fail("needs exactly one of header and cookie");
    out.route.sticky.push_back(std::move(source));
  }
}

void decode_sticky_missing(const Cursor& cursor, DraftMigration& out) {
  constexpr std::array<std::string_view, 2> kWords{"legacy", "per_request"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.sticky_missing_given = true;
  out.route.sticky_missing =
      word == "legacy" ? routing::StickyMissing::legacy : routing::StickyMissing::per_request;
}

// shadow

void decode_sample(const Cursor& cursor, Shadow& out) {
  read_percent(cursor, out.sampling.millipercent);
}

void decode_method(const Cursor& cursor, std::vector<Method>& out) {
  if (!cursor.node.is_text()) {
    cursor.fail_type("a method");
    return;
  }
  const Method method = method_of(cursor.node.text);
  if (!is_safe(method)) {
    cursor.fail(fmt::format("{} can not be shadowed in this version: only GET, HEAD and OPTIONS",
                            quoted(cursor.node.text)));
  } else if (std::find(out.begin(), out.end(), method) != out.end()) {
    cursor.fail(fmt::format("{} is there twice", cursor.node.text));
  } else {
    out.push_back(method);
  }
}

void decode_methods(const Cursor& cursor, Shadow& out) {
  if (!check_sequence(cursor, kMethods)) return;
  out.sampling.methods.clear();
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    decode_method(cursor.item(i), out.sampling.methods);
  }
}

constexpr std::array kBudgetKeys{
    Key<Shadow>{"exchange", size<&Shadow::budget_exchange, kExchangeBudget>},
    Key<Shadow>{"migration", size<&Shadow::budget_migration, kMigrationBudget>},
};

void decode_budget(const Cursor& cursor, Shadow& out) {
  if (!decode_block<Shadow>(cursor, out, kBudgetKeys)) return;
  if (out.budget_exchange <= out.budget_migration) return;
  cursor.fail(fmt::format("exchange ({}) must not be larger than migration ({})",
                          size_text(out.budget_exchange), size_text(out.budget_migration)));
}

constexpr std::array kShadowKeys{
    Key<Shadow>{"sample", decode_sample},
    Key<Shadow>{"methods", decode_methods},
    Key<Shadow>{"timeout", duration<&Shadow::timeout, kShadowWait>},
    Key<Shadow>{"max_in_flight", count<&Shadow::max_in_flight, kInFlight>},
    Key<Shadow>{"max_connections", count<&Shadow::max_connections, kConnections>},
    Key<Shadow>{"budget", decode_budget, Need::optional, in_block<kBudgetKeys>},
};

void decode_shadow(const Cursor& cursor, DraftMigration& out) {
  if (is_word(cursor.node, "off")) return;
  if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("off or a mapping");
    return;
  }
  Shadow shadow;
  decode_block<Shadow>(cursor, shadow, kShadowKeys);
  out.migration.shadow = std::move(shadow);
}

// compare

void decode_ignore(const Cursor& cursor, DraftMigration& out) {
  if (!check_sequence(cursor, kIgnored)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    PathPattern pattern;
    PathPattern::ParseError error;
    if (!item.node.is_text()) {
      item.fail_type("text");
    } else if (PathPattern::parse(item.node.text, pattern, error)) {
      out.migration.compare.ignore.push_back(std::move(pattern));
    } else {
      item.fail(fmt::format("{}: {} (at character {})", quoted(item.node.text), error.message,
                            error.at + 1));
    }
  }
  Murmur3 hash;
  for (const PathPattern& pattern : out.migration.compare.ignore) {
    hash.add(pattern.text()).add("\n");
  }
  out.migration.compare_hash = hash.finish();
}

constexpr std::array kCompareKeys{Key<DraftMigration>{"ignore", decode_ignore}};

// migrations

template <Word DraftMigration::*kMember, Read<std::string> (*kGrammar)(std::string_view)>
void word(const Cursor& cursor, DraftMigration& out) {
  read_word(cursor, kGrammar, out.*kMember);
}

void decode_epoch(const Cursor& cursor, DraftMigration& out) {
  read_text(cursor, read_label, out.migration.epoch);
}

constexpr std::array kMigrationKeys{
    Key<DraftMigration>{"name", word<&DraftMigration::name, read_name>, Need::required},
    Key<DraftMigration>{"epoch", decode_epoch},
    Key<DraftMigration>{"match", decode_match, Need::required, in_items<kRuleKeys>},
    Key<DraftMigration>{"legacy", word<&DraftMigration::legacy, read_name>, Need::required},
    Key<DraftMigration>{"monolith", word<&DraftMigration::monolith, read_name>, Need::required},
    Key<DraftMigration>{"flag", word<&DraftMigration::flag, read_label>},
    Key<DraftMigration>{"sticky", decode_sticky, Need::optional, in_items<kSourceKeys>},
    Key<DraftMigration>{"sticky_missing", decode_sticky_missing},
    Key<DraftMigration>{"shadow", decode_shadow, Need::optional, in_block<kShadowKeys>},
    Key<DraftMigration>{"compare", block<kCompareKeys, DraftMigration>, Need::optional,
                        in_block<kCompareKeys>},
};

}  // namespace

void decode_migrations(const Cursor& cursor, Draft& draft) {
  if (!check_sequence(cursor, kMigrations)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    DraftMigration& made = draft.migrations.emplace_back();
    decode_block<DraftMigration>(cursor.item(i), made, kMigrationKeys);
  }
}

void list_migration_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_items<kMigrationKeys>(prefix, paths);
}

}  // namespace banyan::config
