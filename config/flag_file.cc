#include "config/flag_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "config/block.h"
#include "config/flag_share.h"
#include "config/json_tree.h"
#include "config/read_file.h"

namespace banyan::config {
namespace {

constexpr std::size_t kVariantNameMax = 128;

struct DraftFlag {
  routing::FlagDefinition flag;
  std::optional<Cursor> default_variant;
  std::optional<Cursor> targeting;
};

void decode_state(const Cursor& cursor, DraftFlag& out) {
  constexpr std::array<std::string_view, 2> kStates{"ENABLED", "DISABLED"};
  std::string state;
  if (read_one_of(cursor, kStates, state)) out.flag.enabled = state == kStates[0];
}

void decode_variants(const Cursor& cursor, DraftFlag& out) {
  constexpr std::array<std::string_view, 2> kArms{"legacy", "monolith"};
  const auto members = members_of(cursor, kVariantsMax);
  if (!members) return;
  if (members->empty()) cursor.fail("must not be empty");
  for (const std::size_t i : *members) {
    const Node::Key& name = cursor.node.keys[i];
    if (name.text.empty() || name.text.size() > kVariantNameMax) {
      cursor.problems.add(name.at, cursor.path,
                          fmt::format("the name of a variant has 1 to {} bytes", kVariantNameMax));
    }
    std::string arm;
    if (!read_one_of(cursor.member(i), kArms, arm)) continue;
    out.flag.variants.push_back({name.text, arm == kArms[0] ? Arm::legacy : Arm::monolith});
  }
}

void decode_default_variant(const Cursor& cursor, DraftFlag& out) {
  out.default_variant.emplace(cursor);
}
void decode_targeting(const Cursor& cursor, DraftFlag& out) { out.targeting.emplace(cursor); }
void pass_over(const Cursor&, DraftFlag&) {}

constexpr std::array kFlagKeys{
    Key<DraftFlag>{"state", decode_state, Need::required},
    Key<DraftFlag>{"variants", decode_variants, Need::required},
    Key<DraftFlag>{"defaultVariant", decode_default_variant},
    Key<DraftFlag>{"targeting", decode_targeting},
    Key<DraftFlag>{"metadata", pass_over},
};

bool names_a_variant(const void* definition, const routing::Value& name) {
  return static_cast<const routing::FlagDefinition*>(definition)->variant_of(name).has_value();
}

// null: the application's own default, so legacy.
void resolve_default(const Cursor& cursor, routing::FlagDefinition& flag) {
  if (cursor.node.is_null()) return;
  if (!cursor.node.is_scalar()) return cursor.fail_type("the name of a variant");
  flag.default_variant = flag.variant_of(routing::Value::of(std::string_view(cursor.node.text)));
  if (flag.default_variant) return;
  std::vector<std::string_view> names;
  for (const routing::FlagVariant& variant : flag.variants) names.push_back(variant.name);
  cursor.fail(fmt::format("unknown variant {}{}", quoted(cursor.node.text),
                          did_you_mean(cursor.node.text, names)));
}

void resolve_targeting(const Cursor& cursor, const Evaluators& evaluators,
                       routing::FlagDefinition& flag) {
  const bool is_mapping = cursor.node.kind == Node::Kind::mapping;
  if (cursor.node.is_null() || (is_mapping && cursor.node.keys.empty())) return;  // there is none
  if (!is_mapping) return cursor.fail_type("an operator");
  flag.targeting =
      LogicCompiler(evaluators, cursor.problems).compile(cursor, names_a_variant, &flag);
}

}  // namespace

FlagDefinitionPtr decode_flag(const Cursor& cursor, const std::string& key,
                              const Evaluators& evaluators, routing::Bucketing bucketing) {
  const std::size_t before = cursor.problems.count();
  DraftFlag draft;
  draft.flag.key = key;
  draft.flag.bucketing = bucketing;
  if (!decode_block<DraftFlag>(cursor, draft, kFlagKeys)) return nullptr;
  if (cursor.problems.count() != before) return nullptr;
  if (draft.default_variant) resolve_default(*draft.default_variant, draft.flag);
  if (draft.targeting) resolve_targeting(*draft.targeting, evaluators, draft.flag);
  if (cursor.problems.count() != before) return nullptr;
  draft.flag.share = share_of_the_rest(
      draft.flag, draft.flag.targeting ? &draft.targeting->node : nullptr, evaluators);
  return std::make_shared<const routing::FlagDefinition>(std::move(draft.flag));
}

void list_flag_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_named<kFlagKeys>(prefix, paths);
}

namespace {

struct DraftFile {
  std::optional<Cursor> flags;
  std::optional<Cursor> evaluators;
};
void take_flags(const Cursor& cursor, DraftFile& out) { out.flags.emplace(cursor); }
void take_evaluators(const Cursor& cursor, DraftFile& out) { out.evaluators.emplace(cursor); }
void skip(const Cursor&, DraftFile&) {}

constexpr std::array kFileKeys{
    Key<DraftFile>{"flags", take_flags, Need::required},
    Key<DraftFile>{"$evaluators", take_evaluators},
    Key<DraftFile>{"$schema", skip},
    Key<DraftFile>{"metadata", skip},
};

Evaluators evaluators_of(const std::optional<Cursor>& cursor) {
  Evaluators evaluators;
  if (!cursor) return evaluators;
  const auto members = members_of(*cursor, kEvaluatorsMax);
  if (!members) return evaluators;
  for (const std::size_t i : *members) {
    evaluators.emplace(cursor->node.keys[i].text, cursor->member(i));
  }
  return evaluators;
}

const Node* member_named(const Node& node, std::string_view name) {
  const auto found = std::find_if(node.keys.begin(), node.keys.end(),
                                  [&](const Node::Key& key) { return key.text == name; });
  return found == node.keys.end()
             ? nullptr
             : &node.items[static_cast<std::size_t>(found - node.keys.begin())];
}

bool is_of_another_program(const Node& flag) {
  const Node* const variants = member_named(flag, "variants");
  if (variants == nullptr || variants->kind != Node::Kind::mapping) return false;
  return !variants->items.empty() &&
         std::none_of(variants->items.begin(), variants->items.end(), [](const Node& value) {
           return is_word(value, "legacy") || is_word(value, "monolith");
         });
}

// Each by itself: a rule that nothing refers to is compiled as well, for its problems.
void check_evaluators(const Evaluators& evaluators, Problems& problems) {
  for (const auto& [name, cursor] : evaluators) {
    if (problems.none()) {
      static_cast<void>(LogicCompiler(evaluators, problems).compile(cursor, nullptr, nullptr));
    }
  }
}

void decode_flags_of(const DraftFile& draft, const FlagNames& used, routing::Bucketing bucketing,
                     Problems& problems, FlagFile& out) {
  const Evaluators evaluators = evaluators_of(draft.evaluators);
  const auto members = members_of(*draft.flags, kFlagFileFlagsMax);
  if (!members) return;
  for (const std::size_t i : *members) {
    const Node::Key& key = draft.flags->node.keys[i];
    const Cursor member = draft.flags->member(i);
    const bool is_used = used.contains(key.text);
    if (!is_used && is_of_another_program(member.node)) continue;
    if (const auto name = read_label(key.text); !name) {
      problems.add(key.at, member.path, name.error());
    }
    if (!is_used) {
      out.warnings.push_back(problems.at(key.at, member.path, "no migration follows this flag"));
    }
    out.flags[key.text] = decode_flag(member, key.text, evaluators, bucketing);
  }
  check_evaluators(evaluators, problems);
}

}  // namespace

tl::expected<FlagFile, std::vector<Problem>> parse_flag_file(std::string_view text,
                                                             const FlagNames& used,
                                                             routing::Bucketing bucketing) {
  Problems problems(text);
  if (text.size() > kFlagFileBytesMax) {
    problems.add_without_place("larger than " + size_text(kFlagFileBytesMax));
    return tl::unexpected(problems.take());
  }
  const std::optional<Node> root = parse_json(text, problems);
  if (!root) return tl::unexpected(problems.take());
  FlagFile file;
  DraftFile draft;
  decode_block<DraftFile>({*root, {}, problems}, draft, kFileKeys);
  if (draft.flags) decode_flags_of(draft, used, bucketing, problems, file);
  if (!problems.none()) return tl::unexpected(problems.take());
  return file;
}

Read<std::string> read_flag_file(const std::string& path) {
  auto text = read_file(path, kFlagFileBytesMax);
  if (text && text->size() > kFlagFileBytesMax) {
    return tl::unexpected<std::string>("larger than " + size_text(kFlagFileBytesMax));
  }
  return text;
}

std::string warning_text(std::string_view file, const Problem& warning) {
  std::string text = to_text(file, warning);
  constexpr std::string_view kError = ": error: ";
  if (const auto at = text.find(kError); at != std::string::npos) {
    text.replace(at, kError.size(), ": warning: ");
  }
  return text;
}

}  // namespace banyan::config
