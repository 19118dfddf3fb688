#include "config/decode_migration.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_compare.h"
#include "config/decode_guardrail.h"
#include "config/decode_match.h"
#include "config/decode_ramp.h"
#include "config/decode_readiness.h"
#include "config/decode_rewrite.h"
#include "config/decode_shadow.h"
#include "config/decode_sticky.h"

namespace banyan::config {
namespace {

constexpr Range kMigrations{0, 1'000};

// match

void decode_match(const Cursor& cursor, DraftMigration& out) { decode_rules(cursor, out.match); }

// sticky

void decode_sticky_missing(const Cursor& cursor, DraftMigration& out) {
  constexpr std::array<std::string_view, 2> kWords{"legacy", "per_request"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.sticky_missing_given = true;
  out.route.sticky_missing =
      word == "legacy" ? routing::StickyMissing::legacy : routing::StickyMissing::per_request;
}

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
    Key<DraftMigration>{"match", decode_match, Need::required, list_rule_keys},
    Key<DraftMigration>{"legacy", word<&DraftMigration::legacy, read_name>, Need::required},
    Key<DraftMigration>{"monolith", word<&DraftMigration::monolith, read_name>, Need::required},
    Key<DraftMigration>{"flag", word<&DraftMigration::flag, read_label>},
    Key<DraftMigration>{"sticky", decode_sticky, Need::optional, list_sticky_keys},
    Key<DraftMigration>{"sticky_missing", decode_sticky_missing},
    Key<DraftMigration>{"rewrite", decode_rewrite, Need::optional, list_rewrite_keys},
    Key<DraftMigration>{"shadow", decode_shadow, Need::optional, list_shadow_keys},
    Key<DraftMigration>{"compare", decode_compare, Need::optional, list_compare_keys},
    Key<DraftMigration>{"readiness", decode_readiness, Need::optional, list_readiness_keys},
    Key<DraftMigration>{"guardrail", decode_guardrail, Need::optional, list_guardrail_keys},
    Key<DraftMigration>{"ramp", decode_ramp, Need::optional, list_ramp_keys},
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
