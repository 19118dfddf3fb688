#include "config/decode_flags.h"

#include <array>
#include <utility>

#include "config/block.h"
#include "config/flag_file.h"

namespace banyan::config {
namespace {

constexpr std::size_t kFlagsMax = 1'000;
constexpr Range kSources{0, 16};

struct DraftSource {
  FlagSource source;
  Word file;
};

void decode_file(const Cursor& cursor, DraftSource& out) {
  if (read_word(cursor, read_file_path, out.file)) out.source.file = out.file.text;
}

void decode_bucketing(const Cursor& cursor, DraftSource& out) {
  constexpr std::array<std::string_view, 2> kWords{"integer", "decimal"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.source.bucketing =
      word == kWords[0] ? routing::Bucketing::integer : routing::Bucketing::decimal;
}

constexpr std::array kSourceKeys{
    Key<DraftSource>{"file", decode_file, Need::required},
    Key<DraftSource>{"bucketing", decode_bucketing},
};

void refuse_repeated_file(const Draft& draft, const Word& file, Problems& problems) {
  for (const Word& known : draft.flag_files) {
    if (known.text != file.text) continue;
    problems.add(file.at, file.path, quoted(file.text) + " is taken by " + known.path);
  }
}

}  // namespace

void decode_flags(const Cursor& cursor, Draft& draft) {
  const auto members = members_of(cursor, kFlagsMax);
  if (!members) return;
  for (const std::size_t i : *members) {
    const Cursor member = cursor.member(i);
    const Node::Key& key = cursor.node.keys[i];
    draft.flags.push_back({key.text, key.at, member.path});
    if (member.node.kind == Node::Kind::mapping) {
      auto flag = decode_flag(member, key.text, {}, routing::Bucketing::integer);
      if (flag) draft.snapshot.flags.definitions[key.text] = std::move(flag);
      continue;
    }
    routing::Share share;
    if (read_percent(member, share.millipercent)) draft.snapshot.flags.shares[key.text] = share;
  }
}

void list_flags_keys(const std::string& prefix, std::vector<std::string>& paths) {
  list_flag_keys(prefix, paths);
}

void decode_flag_sources(const Cursor& cursor, Draft& draft) {
  if (!check_sequence(cursor, kSources)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    DraftSource made;
    if (!decode_block<DraftSource>(cursor.item(i), made, kSourceKeys)) continue;
    if (made.file.text.empty()) continue;  // was reported
    refuse_repeated_file(draft, made.file, cursor.problems);
    draft.flag_files.push_back(std::move(made.file));
    draft.snapshot.flags.sources.push_back(std::move(made.source));
  }
}

void list_flag_source_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_items<kSourceKeys>(prefix, paths);
}

}  // namespace banyan::config
