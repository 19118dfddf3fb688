#include <fmt/format.h>

#include <cstdio>
#include <memory>
#include <optional>
#include <utility>

#include "cli/answer_file.h"
#include "cli/command.h"
#include "config/decode_compare.h"
#include "config/read_file.h"
#include "shadow/diff/comparison.h"
#include "shadow/difference_table.h"
#include "shadow/printable.h"
#include "shadow/redaction.h"

namespace banyan::cli {
namespace {

using nlohmann::json;
using shadow::Comparison;
using shadow::Difference;
using shadow::Kind;

constexpr std::size_t kAnswerBytesMax = std::size_t{16} << 20;

struct Options {
  std::string left;
  std::string right;
  std::string rules;
  std::string content_type;
  std::string format = "text";
};

std::optional<std::string> content_of(const std::string& path, std::size_t bytes_max) {
  auto text = config::read_file(path, bytes_max);
  if (text && text->size() <= bytes_max) return std::move(*text);
  print_message(fmt::format("banyan: {}: {}", shadow::printable(path),
                            text ? fmt::format("larger than {} bytes", bytes_max) : text.error()));
  return std::nullopt;
}

std::optional<shadow::CompareRules> rules_of(const std::string& path) {
  if (path.empty()) return shadow::CompareRules{};
  const auto text = content_of(path, config::kFileBytesMax);
  if (!text) return std::nullopt;
  config::LoadedRules loaded = config::load_compare_rules(*text);
  for (const config::Problem& problem : loaded.problems) {
    std::string told = config::to_text(path, problem);
    if (told.ends_with('\n')) told.pop_back();
    print_message(told);
  }
  if (!loaded.problems.empty()) return std::nullopt;
  return std::move(loaded.rules);
}

// curl takes codings off only when asked, and leaves the field as it was.
void forget_coding_that_is_off(shadow::CapturedResponse& response) {
  const auto coding = response.headers.find(HeaderId::content_encoding);
  const bool gzip = coding && equals_ignoring_case(*coding, "gzip");
  if (gzip && !response.body.starts_with("\x1f\x8b")) {
    response.headers.remove(HeaderIds{HeaderId::content_encoding});
  }
}

// What both are taken for, whatever their own heads say: what was asked for, or what the only head
// says, where one side has none.
std::optional<std::string> type_of_both(const SavedAnswer& left, const SavedAnswer& right,
                                        const Options& options) {
  if (!options.content_type.empty()) return options.content_type;
  if (left.has_head == right.has_head) return std::nullopt;
  const SavedAnswer& with_head = left.has_head ? left : right;
  const auto type = with_head.response.headers.find(HeaderId::content_type);
  return type ? std::optional<std::string>(*type) : std::nullopt;
}

shadow::CapturedPair pair_of(SavedAnswer left, SavedAnswer right, const Options& options) {
  // Where one side has no head, heads say nothing.
  const bool heads = left.has_head && right.has_head;
  const std::optional<std::string> type = type_of_both(left, right, options);
  for (SavedAnswer* side : {&left, &right}) {
    shadow::CapturedResponse& response = side->response;
    forget_coding_that_is_off(response);
    if (!heads) response.status = 200;
    if (!heads) {
      response.headers.keep_only([](const Header& header) {
        return header.id == HeaderId::content_type || header.id == HeaderId::content_encoding;
      });
    }
    if (!type) continue;
    response.headers.remove(HeaderIds{HeaderId::content_type});
    response.headers.add(HeaderId::content_type, *type);
  }
  shadow::CapturedPair pair;
  pair.legacy = std::move(left.response);
  pair.monolith = std::move(right.response);
  return pair;
}

json side_of(const std::string& text, bool absent) { return absent ? json() : json(text); }

json told_of(const Comparison& comparison) {
  json differences = json::array();
  for (const Difference& d : comparison.differences) {
    differences.push_back({{"path", d.path},
                           {"place", shadow::folded_path(d.path)},
                           {"kind", to_string(d.kind)},
                           {"left", side_of(d.left, d.kind == Kind::extra)},
                           {"right", side_of(d.right, d.kind == Kind::missing)}});
  }
  json told{{"verdict", to_string(comparison.verdict)},
            {"differences", std::move(differences)},
            {"left_out", comparison.left_out}};
  if (!comparison.why_not.empty()) told["reason"] = comparison.why_not;
  if (!comparison.body.kind.empty()) {
    told["body"] = {{"kind", comparison.body.kind},
                    {"left_problem", comparison.body.left_problem},
                    {"right_problem", comparison.body.right_problem}};
  }
  return told;
}

std::string shown(const Difference& d) {
  std::string text = fmt::format("{:<8}{}\n", to_string(d.kind), shadow::printable(d.path));
  if (d.kind != Kind::extra) text += "  left    " + shadow::printable(d.left) + "\n";
  if (d.kind != Kind::missing) text += "  right   " + shadow::printable(d.right) + "\n";
  return text;
}

void tell(const Comparison& comparison, const std::string& format) {
  if (format == "json") return print_json(told_of(comparison));
  std::string text;
  for (const Difference& d : comparison.differences) text += shown(d);
  for (const auto& [side, problem] : {std::pair{"left", comparison.body.left_problem},
                                      std::pair{"right", comparison.body.right_problem}}) {
    if (!problem.empty()) print_message(fmt::format("banyan: {} body: {}", side, problem));
  }
  if (comparison.left_out > 0) text += fmt::format("and {} more\n", comparison.left_out);
  if (text.empty()) text = comparison.why_not.empty() ? "no difference\n" : "not comparable\n";
  print_text(text);
}

int code_of(const Comparison& comparison) {
  if (comparison.verdict == shadow::Verdict::match) return kDone;
  if (comparison.verdict == shadow::Verdict::mismatch) return kHolds;
  print_message("banyan: the bodies can not be compared: " + comparison.why_not);
  return kFailed;
}

int diff(const Options& options) {
  const auto rules = rules_of(options.rules);
  if (!rules) return kFailed;
  const auto left = content_of(options.left, kAnswerBytesMax);
  const auto right = content_of(options.right, kAnswerBytesMax);
  if (!left || !right) return kFailed;
  Comparison comparison =
      shadow::compare(pair_of(read_answer(*left), read_answer(*right), options), *rules);
  const shadow::Redaction redaction;
  for (Difference& d : comparison.differences) {
    d.left = shadow::redacted_value(redaction, d.path, d.left);
    d.right = shadow::redacted_value(redaction, d.path, d.right);
  }
  tell(comparison, options.format);
  return code_of(comparison);
}

}  // namespace

void add_diff(CLI::App& app, Action& chosen) {
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, "diff",
      "Compares two answers as shadows are compared. Each file is a body, or what `curl -i` "
      "wrote.\n"
      "Exit code: 0 no difference, 3 differences, 1 they can not be compared.",
      {"diff legacy.json monolith.json", "diff legacy.http monolith.http --rules compare.yaml",
       "diff a.bin b.bin --content-type application/x-www-form-urlencoded --format json"});
  command.add_option("LEFT", options->left, "The answer of legacy")->required();
  command.add_option("RIGHT", options->right, "The answer of the monolith")->required();
  command.add_option("--rules", options->rules, "YAML with the keys of `compare`");
  command.add_option("--content-type", options->content_type, "Of both, whatever the files say");
  add_format(command, options->format);
  command.callback([options, &chosen] { chosen = [options] { return diff(*options); }; });
}

}  // namespace banyan::cli
