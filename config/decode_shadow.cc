#include "config/decode_shadow.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "config/decode_match.h"
#include "config/decode_rewrite.h"

namespace banyan::config {
namespace {

constexpr Range kMethods{1, 100};
constexpr Range kGrpcMethods{0, 1'000};
constexpr Range kShadowWait{1, 10 * 60 * 1'000};
constexpr Range kInFlight{1, 100'000};
constexpr Range kConnections{1, 10'000};
constexpr Range kExchangeBudget{1ULL << 10, 64ULL << 20};
constexpr Range kMigrationBudget{1ULL << 10, 16ULL << 30};

constexpr std::string_view kMethodWords = "GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE";

void decode_sample(const Cursor& cursor, DraftShadow& out) {
  read_percent(cursor, out.sampling.millipercent);
}

void decode_method(const Cursor& cursor, std::vector<Method>& out) {
  if (!cursor.node.is_text()) {
    cursor.fail_type("a method");
    return;
  }
  const Method method = method_of(cursor.node.text);
  if (method == Method::other || method == Method::trace || method == Method::connect) {
    cursor.fail(
        fmt::format("{} can not be shadowed: only {}", quoted(cursor.node.text), kMethodWords));
  } else if (std::find(out.begin(), out.end(), method) != out.end()) {
    cursor.fail(fmt::format("{} is there twice", cursor.node.text));
  } else {
    out.push_back(method);
  }
}

void decode_methods(const Cursor& cursor, DraftShadow& out) {
  if (!check_sequence(cursor, kMethods)) return;
  out.sampling.methods.clear();
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    decode_method(cursor.item(i), out.sampling.methods);
  }
}

void decode_grpc_methods(const Cursor& cursor, DraftShadow& out) {
  if (!check_sequence(cursor, kGrpcMethods)) return;
  std::set<std::string> paths;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    if (!read_word(item, read_grpc_path, out.grpc_method)) continue;
    if (!paths.insert(out.grpc_method.text).second) {
      item.fail(fmt::format("{} is there twice", item.node.text));
    }
  }
  out.sampling.grpc_methods.assign(paths.begin(), paths.end());
}

constexpr std::array kBudgetKeys{
    Key<DraftShadow>{"exchange", size<&Shadow::budget_exchange, kExchangeBudget>},
    Key<DraftShadow>{"migration", size<&Shadow::budget_migration, kMigrationBudget>},
};

void decode_budget(const Cursor& cursor, DraftShadow& out) {
  if (!decode_block<DraftShadow>(cursor, out, kBudgetKeys)) return;
  if (out.budget_exchange <= out.budget_migration) return;
  cursor.fail(fmt::format("exchange ({}) must not be larger than migration ({})",
                          size_text(out.budget_exchange), size_text(out.budget_migration)));
}

void decode_exclude(const Cursor& cursor, DraftShadow& out) {
  if (cursor.node.kind == Node::Kind::sequence && cursor.node.items.empty()) return;
  decode_rules(cursor, out.exclude_rules);
}

void decode_direction(const Cursor& cursor, DraftShadow& out) {
  constexpr std::array<std::string_view, 3> kWords{"to_monolith", "to_legacy", "both"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.to_monolith = word != "to_legacy";
  out.to_legacy = word != "to_monolith";
}

void decode_after_rollback(const Cursor& cursor, DraftShadow& out) {
  constexpr std::array<std::string_view, 2> kWords{"stop", "keep"};
  std::string word;
  if (read_one_of(cursor, kWords, word)) out.keep_after_rollback = word == "keep";
}

void decode_shadow_headers(const Cursor& cursor, DraftShadow& out) {
  decode_header_edits(cursor, out.headers);
}

constexpr std::array kShadowKeys{
    Key<DraftShadow>{"sample", decode_sample},
    Key<DraftShadow>{"methods", decode_methods},
    Key<DraftShadow>{"grpc_methods", decode_grpc_methods},
    Key<DraftShadow>{"timeout", duration<&Shadow::timeout, kShadowWait>},
    Key<DraftShadow>{"max_in_flight", count<&Shadow::max_in_flight, kInFlight>},
    Key<DraftShadow>{"max_connections", count<&Shadow::max_connections, kConnections>},
    Key<DraftShadow>{"budget", decode_budget, Need::optional, in_block<kBudgetKeys>},
    Key<DraftShadow>{"exclude", decode_exclude, Need::optional, list_rule_keys},
    Key<DraftShadow>{"direction", decode_direction},
    Key<DraftShadow>{"after_rollback", decode_after_rollback},
    Key<DraftShadow>{"headers", decode_shadow_headers, Need::optional, list_header_edit_keys},
};

}  // namespace

void decode_shadow(const Cursor& cursor, DraftMigration& out) {
  if (is_word(cursor.node, "off")) return;
  if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("off or a mapping");
    return;
  }
  DraftShadow shadow;
  decode_block<DraftShadow>(cursor, shadow, kShadowKeys);
  out.shadow = std::move(shadow);
}

void list_shadow_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kShadowKeys>(prefix, paths);
}

}  // namespace banyan::config
