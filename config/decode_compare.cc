#include "config/decode_compare.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/path_pattern.h"
#include "base/stable_hash.h"
#include "config/read_file.h"
#include "shadow/diff/json_number.h"
#include "shadow/diff/proto_schema.h"
#include "shadow/diff/schema_slot.h"

namespace banyan::config {
namespace {

using shadow::CompareRules;

constexpr std::size_t kRulesMax = 1'000;  // of each kind
constexpr Range kRules{0, kRulesMax};
constexpr Range kTimeApart{0, 24ULL * 60 * 60 * 1'000};
constexpr std::size_t kNumberMax = 64;
constexpr Range kThreads{1, kComparisonThreadsMax};

bool parse_pattern(std::string_view text, const Cursor& cursor, PathPattern& out) {
  PathPattern::ParseError error;
  if (PathPattern::parse(text, out, error)) return true;
  cursor.fail(fmt::format("{}: {} (at character {})", quoted(text), error.message, error.at + 1));
  return false;
}

// Of a place in a document: what a rule for values can be about.
bool parse_place(std::string_view text, const Cursor& cursor, PathPattern& out) {
  if (!parse_pattern(text, cursor, out)) return false;
  if (out.is_document_path()) return true;
  cursor.fail(quoted(text) + ": must begin with $: only a place in a document can be meant");
  return false;
}

template <bool (*kParse)(std::string_view, const Cursor&, PathPattern&)>
void decode_patterns(const Cursor& cursor, std::vector<PathPattern>& out) {
  if (!check_sequence(cursor, kRules)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    PathPattern pattern;
    if (!item.node.is_text()) {
      item.fail_type("text");
    } else if (kParse(item.node.text, item, pattern)) {
      out.push_back(std::move(pattern));
    }
  }
}

void decode_ignore(const Cursor& cursor, CompareRules& out) {
  decode_patterns<parse_pattern>(cursor, out.ignore);
}

void decode_unordered(const Cursor& cursor, CompareRules& out) {
  decode_patterns<parse_place>(cursor, out.unordered);
}

// Calls `decode(cursor of the value, place)` for each member whose key is a place.
template <class Decode>
void decode_places(const Cursor& cursor, Decode decode) {
  const auto members = members_of(cursor, kRulesMax);
  if (!members) return;
  for (const std::size_t i : *members) {
    const Cursor value = cursor.member(i);
    PathPattern place;
    if (parse_place(cursor.node.keys[i].text, value, place)) decode(value, std::move(place));
  }
}

void decode_keyed(const Cursor& cursor, CompareRules& out) {
  decode_places(cursor, [&out](const Cursor& value, PathPattern place) {
    if (!value.node.is_scalar() || value.node.text.empty()) {
      value.fail_type("the name of a member");
    } else {
      out.keyed.push_back({std::move(place), value.node.text});
    }
  });
}

void decode_tolerance(const Cursor& cursor, CompareRules& out) {
  decode_places(cursor, [&out](const Cursor& value, PathPattern place) {
    const std::string& text = value.node.text;
    shadow::ToleranceRule rule{std::move(place), {}, {}};
    if (!value.node.is_scalar()) {
      value.fail_type("a number such as 0.01, or a duration such as 5s");
    } else if (text.size() <= kNumberMax && shadow::is_json_number(text)) {
      if (text.starts_with('-')) return value.fail("must not be negative");
      rule.number = text;
      out.tolerance.push_back(std::move(rule));
    } else if (read_duration(value, kTimeApart, rule.time)) {
      out.tolerance.push_back(std::move(rule));
    }
  });
}

void decode_endpoints(const Cursor& cursor, CompareRules& out) {
  if (!check_sequence(cursor, kRules)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    shadow::EndpointTemplate made;
    std::string error;
    if (!item.node.is_text()) {
      item.fail_type("a path such as /orders/{id}");
    } else if (!shadow::EndpointTemplate::parse(item.node.text, made, error)) {
      item.fail(quoted(item.node.text) + ": " + error);
    } else if (!shadow::add_template(out.endpoints, std::move(made))) {
      item.fail(quoted(item.node.text) + ": another one covers the same paths");
    }
  }
}

// What is decoded: the rules, the file that they name, and what Banyan asks of its own accord.
struct DraftRules {
  CompareRules rules;
  Word descriptors;
  Word reflection;  // without a text: where it was asked for
  AskingAgain asking_again;
  Comparing comparing;
};

template <void (*kDecode)(const Cursor&, CompareRules&)>
void into_rules(const Cursor& cursor, DraftRules& out) {
  kDecode(cursor, out.rules);
}

void decode_reflection(const Cursor& cursor, DraftRules& out) {
  bool asked = false;
  read(cursor, asked);
  if (!asked) return;
  out.rules.described = std::make_shared<shadow::SchemaSlot>();
  out.reflection = Word{{}, cursor.node.at, cursor.path};
}

constexpr std::array kDescriptorsKeys{
    Key<DraftRules>{"reflection", decode_reflection},
};

void decode_descriptors(const Cursor& cursor, DraftRules& out) {
  if (cursor.node.kind == Node::Kind::mapping) {
    decode_block<DraftRules>(cursor, out, kDescriptorsKeys);
    return;
  }
  if (!cursor.node.is_text()) return cursor.fail_type("a file or { reflection: true }");
  read_word(cursor, read_file_path, out.descriptors);
}

void decode_control(const Cursor& cursor, DraftRules& out) {
  read_percent(cursor, out.asking_again.control_millipercent);
}

void decode_threads(const Cursor& cursor, DraftRules& out) {
  read(cursor, kThreads, out.comparing.threads);
}

void decode_cpu_budget(const Cursor& cursor, DraftRules& out) {
  read_percent(cursor, out.comparing.cpu_millipercent);
}

void decode_rate(const Cursor& cursor, AskingAgain& out) {
  if (!cursor.node.is_text()) {
    cursor.fail_type("a rate such as 5/s");
    return;
  }
  const auto rate = read_rate(cursor.node.text);
  if (!rate) return cursor.fail(rate.error());
  out.reasks_per_second = *rate;
}

void decode_share(const Cursor& cursor, AskingAgain& out) {
  read_percent(cursor, out.reask_millipercent);
}

constexpr std::array kReaskKeys{
    Key<AskingAgain>{"rate", decode_rate},
    Key<AskingAgain>{"share", decode_share},
};

void decode_reask(const Cursor& cursor, DraftRules& out) {
  decode_block<AskingAgain>(cursor, out.asking_again, kReaskKeys);
}

constexpr std::array kCompareKeys{
    Key<DraftRules>{"ignore", into_rules<decode_ignore>},
    Key<DraftRules>{"unordered", into_rules<decode_unordered>},
    Key<DraftRules>{"keyed", into_rules<decode_keyed>},
    Key<DraftRules>{"tolerance", into_rules<decode_tolerance>},
    Key<DraftRules>{"endpoints", into_rules<decode_endpoints>},
    Key<DraftRules>{"descriptors", decode_descriptors, Need::optional, in_block<kDescriptorsKeys>},
    Key<DraftRules>{"control", decode_control},
    Key<DraftRules>{"reask", decode_reask, Need::optional, in_block<kReaskKeys>},
    Key<DraftRules>{"threads", decode_threads},
    Key<DraftRules>{"cpu_budget", decode_cpu_budget},
};

// `hash` takes the content in: other descriptors give other differences.
void load_descriptors(const Word& file, CompareRules& rules, std::uint64_t& hash,
                      Problems& problems) {
  if (file.text.empty()) return;
  const auto content = read_file(file.text, shadow::kDescriptorBytesMax);
  std::string error;
  if (!content) {
    error = content.error();
  } else {
    rules.descriptors = shadow::ProtoSchema::parse(*content, error);
    hash = hash << 1U ^ murmur3_x86_32(*content, 0);
  }
  if (!rules.descriptors) {
    if (error.starts_with("does not have")) error += ": write it with --include_imports";
    problems.add(file.at, file.path, fmt::format("{}: {}", quoted(file.text), error));
  }
}

// Other rules give other counts.
std::uint64_t hash_of(const CompareRules& rules) {
  Murmur3 hash;
  for (const PathPattern& place : rules.ignore) hash.add(place.text()).add("\n");
  for (const PathPattern& place : rules.unordered) hash.add("unordered ").add(place.text());
  for (const shadow::KeyedRule& rule : rules.keyed) {
    hash.add("keyed ").add(rule.at.text()).add(rule.member);
  }
  for (const shadow::ToleranceRule& rule : rules.tolerance) {
    hash.add("tolerance ").add(rule.at.text()).add(rule.number);
    hash.add(std::to_string(rule.time.count()));
  }
  for (const shadow::EndpointTemplate& endpoint : rules.endpoints) {
    hash.add("endpoint ").add(endpoint.text());
  }
  if (rules.described != nullptr) hash.add("reflection");
  return hash.finish();
}

}  // namespace

void decode_compare(const Cursor& cursor, DraftMigration& out) {
  DraftRules draft;
  if (!decode_block<DraftRules>(cursor, draft, kCompareKeys)) return;
  out.migration.compare_hash = hash_of(draft.rules);
  out.migration.compare = std::move(draft.rules);
  out.migration.asking_again = draft.asking_again;
  out.migration.comparing = draft.comparing;
  out.descriptors = std::move(draft.descriptors);
  out.reflection = std::move(draft.reflection);
}

void list_compare_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kCompareKeys>(prefix, paths);
}

void load_descriptors(DraftMigration& migration, Problems& problems) {
  load_descriptors(migration.descriptors, migration.migration.compare,
                   migration.migration.compare_hash, problems);
}

LoadedRules load_compare_rules(std::string_view yaml) {
  LoadedRules loaded;
  Problems problems(yaml);
  const std::optional<Node> root = parse_yaml(yaml, problems);
  if (root && !root->is_null()) {
    DraftRules draft;
    decode_block<DraftRules>({*root, {}, problems}, draft, kCompareKeys);
    std::uint64_t hash = 0;
    load_descriptors(draft.descriptors, draft.rules, hash, problems);
    if (draft.rules.described != nullptr) {
      problems.add(draft.reflection.at, draft.reflection.path,
                   "there is no server to ask here; name a file of descriptors");
    }
    loaded.rules = std::move(draft.rules);
  }
  loaded.problems = problems.take();
  return loaded;
}

}  // namespace banyan::config
