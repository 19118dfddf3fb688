#include "config/load.h"

#include <fmt/format.h>
#include <atomic>

#include <memory>
#include <utility>

#include "config/decode_tls.h"
#include "config/draft.h"
#include "config/read_file.h"

namespace banyan::config {
namespace {

// FNV-1a, 64 bit: tells one edit of a file from the next, and is no protection against anybody.
std::string content_hash_of(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  return fmt::format("{:016x}", hash);
}

std::string too_large() { return "larger than " + size_text(kFileBytesMax); }

Loaded failed(std::string message) {
  Problems problems{""};
  problems.add_without_place(std::move(message));
  return {nullptr, problems.take(), {}, {}};
}

NamedFile named(const Word& word, const Problems& problems) {
  return {word.text, problems.at(word.at, word.path, "")};
}

std::vector<NamedFile> named_files(const Draft& draft, const Problems& problems) {
  std::vector<NamedFile> files;
  for (const Word* word : {&draft.token_file}) {
    if (!word->text.empty()) files.push_back(named(*word, problems));
  }
  return files;
}

std::vector<NamedFile> flag_files(const Draft& draft, const Problems& problems) {
  std::vector<NamedFile> files;
  for (const Word& word : draft.flag_files) files.push_back(named(word, problems));
  return files;
}

}  // namespace

Loaded load_text(std::string_view yaml, Files files) {
  if (yaml.size() > kFileBytesMax) return failed(too_large());
  Problems problems(yaml);
  const std::optional<Node> root = parse_yaml(yaml, problems);
  if (!root) return {nullptr, problems.take(), {}, {}};
  if (root->is_null()) {
    problems.add(0, {}, "empty: at least one listener is needed");
    return {nullptr, problems.take(), {}, {}};
  }
  Draft draft;
  draft.files = files;
  decode({*root, {}, problems}, draft);
  std::vector<NamedFile> files_named = named_files(draft, problems);
  std::vector<NamedFile> flags_from = flag_files(draft, problems);
  auto snapshot = std::make_shared<Snapshot>(resolve(std::move(draft), problems));
  if (!problems.none()) return {nullptr, problems.take(), {}, {}};
  static std::atomic<std::uint64_t> loads{0};
  snapshot->generation = ++loads;
  snapshot->content_hash = content_hash_of(yaml);
  std::vector<Problem> tls;
  for (const TlsValue* value : tls_values(*snapshot)) {
    tls.push_back(problems.at(value->at, value->key, ""));
  }
  return {std::move(snapshot), {}, std::move(files_named), std::move(tls), std::move(flags_from)};
}

Loaded load_file(const std::string& path, Files files) {
  auto text = read_file(path, kFileBytesMax);
  return text ? load_text(*text, files) : failed(std::move(text.error()));
}

std::vector<std::string> fixed_keys_changed(const Snapshot& running, const Snapshot& next) {
  std::vector<std::string> keys;
  if (running.workers != next.workers) keys.emplace_back("workers");
  if (running.state_dir != next.state_dir) keys.emplace_back("state_dir");
  if (running.admin != next.admin || running.admin_socket != next.admin_socket) {
    keys.emplace_back("admin.bind");
  }
  if (running.health != next.health) keys.emplace_back("health.bind");
  return keys;
}

}  // namespace banyan::config
