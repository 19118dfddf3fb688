#include "shadow/redaction.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>
#include <utility>

#include "base/headers.h"
#include "shadow/escapes.h"
#include "shadow/secret_scan.h"

namespace banyan::shadow {
namespace {

// Squeezed. Also as members: some services echo the headers that they got.
constexpr std::array<std::string_view, 4> kAlways{"authorization", "cookie", "proxyauthorization",
                                                  "setcookie"};
constexpr std::array<std::string_view, 5> kSuffixes{"password", "passwd", "secret", "token",
                                                    "apikey"};
// Encodings within encodings that are read.
constexpr int kEncodingsMax = 3;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }
bool is_separator(char c) { return c == '_' || c == '-'; }

std::string squeezed(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (!is_separator(c)) out += lower(c);
  }
  return out;
}

// Where the last `count` letters of the name begin, separators not counted.
std::size_t suffix_start(std::string_view name, std::size_t count) {
  std::size_t at = name.size();
  while (at > 0 && count > 0) {
    --at;
    if (!is_separator(name[at])) --count;
  }
  return at;
}

bool begins_word(std::string_view name, std::size_t at) {
  return at > 0 && (is_separator(name[at - 1]) || (is_upper(name[at]) && !is_upper(name[at - 1])));
}

// Whether a name on the way to the value is a secret's.
bool is_below_secret(const Redaction& redaction, std::string_view path) {
  std::size_t at = 0;
  while (at < path.size()) {
    const bool quoted = path.substr(at).starts_with("['");
    if (!quoted && path[at] != '.') {
      ++at;
      continue;
    }
    std::string name;
    at += quoted ? 2 : 1;
    while (at < path.size() && (quoted ? path[at] != '\'' : path[at] != '.' && path[at] != '[')) {
      if (quoted && path[at] == '\\' && at + 1 < path.size()) ++at;
      name += path[at++];
    }
    if (is_secret_name(redaction, name)) return true;
  }
  return false;
}

void add(const std::vector<TextRange>& found, const Unescaped& text,
         std::vector<TextRange>& hidden) {
  for (const TextRange& range : found) hidden.push_back({text.at[range.begin], text.at[range.end]});
}

// A value may stand there as JSON, as a form or as it is; which of them, nobody says.
void add_matches(const Redaction& redaction, const Unescaped& text,
                 std::vector<TextRange>& hidden) {
  if (redaction.patterns.empty()) return;
  Unescaped read = text;
  int level = 0;
  do {
    std::vector<TextRange> found;
    for (const ValuePattern& pattern : redaction.patterns) pattern.find(read.text, found);
    if (read.text.find('+') != std::string::npos) {
      std::string form = read.text;
      std::replace(form.begin(), form.end(), '+', ' ');
      for (const ValuePattern& pattern : redaction.patterns) pattern.find(form, found);
    }
    add(found, read, hidden);
  } while (level++ < kEncodingsMax && unescape_json(read));
}

std::vector<TextRange> in_order(std::vector<TextRange> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const TextRange& a, const TextRange& b) { return a.begin < b.begin; });
  return ranges;
}

// `text` with one kRedacted for each stretch of `hidden`, which may overlap.
std::string without(const std::vector<TextRange>& hidden, std::string_view text) {
  std::string out;
  std::size_t at = 0;
  for (const TextRange& range : hidden) {
    if (range.end <= at) continue;
    // What goes on where another ended belongs to it.
    if (range.begin > at || out.empty()) {
      out.append(text.substr(at, range.begin - at)).append(kRedacted);
    }
    at = range.end;
  }
  return out.append(text.substr(at));
}

// Of a header or a trailer; empty where the path is no field's, or that of one attribute of a
// cookie, which is no secret: `header:set-cookie[session].path`.
std::string_view field_name(std::string_view path) {
  for (const std::string_view kind : {std::string_view("header:"), std::string_view("trailer:")}) {
    if (!path.starts_with(kind)) continue;
    const std::string_view name = path.substr(kind.size());
    const bool attribute = name.find("].") != std::string_view::npos && !name.ends_with(']');
    return attribute ? std::string_view() : name.substr(0, name.find('['));
  }
  return {};
}

// By the configuration's `redact`. An object or an array that is shown whole could hold any of the
// paths, so it is hidden where there are some.
bool is_redacted_place(const Redaction& redaction, std::string_view path, std::string_view value) {
  if (const std::string_view name = field_name(path); !name.empty()) {
    return std::any_of(redaction.headers.begin(), redaction.headers.end(),
                       [&](const std::string& h) { return equals_ignoring_case(h, name); });
  }
  const bool is_whole = value.starts_with('{') || value.starts_with('[');
  return std::any_of(redaction.paths.begin(), redaction.paths.end(), [&](const PathPattern& p) {
    return p.matches(path) || (is_whole && p.text().starts_with('$'));
  });
}

bool is_cut(std::string_view value) { return value.find("\u2026") != std::string_view::npos; }

}  // namespace

bool is_secret_name(const Redaction& redaction, std::string_view name) {
  if (name.empty()) return false;
  const std::string plain = squeezed(name);
  if (std::find(kAlways.begin(), kAlways.end(), plain) != kAlways.end()) return true;
  for (const std::string& secret : redaction.names) {
    if (plain == squeezed(secret)) return true;
  }
  return std::any_of(kSuffixes.begin(), kSuffixes.end(), [&](std::string_view suffix) {
    return plain.ends_with(suffix) && begins_word(name, suffix_start(name, suffix.size()));
  });
}

std::string redacted_text(const Redaction& redaction, std::string_view text) {
  std::vector<TextRange> hidden;
  Unescaped read = as_it_is(text);
  int level = 0;
  // What stands encoded in a value is read like what stands in it: `state=%7B%22token%22%3A…`.
  do {
    add(named_secrets(redaction, read.text), read, hidden);
    add_matches(redaction, read, hidden);
  } while (level++ < kEncodingsMax && unescape_percent(read));
  return without(in_order(std::move(hidden)), text);
}

std::string redacted_value(const Redaction& redaction, std::string_view path,
                           std::string_view value) {
  if (value.empty()) return {};
  if (is_redacted_place(redaction, path, value)) return std::string(kRedacted);
  // What a pattern would match may go on where the value was cut.
  if (!redaction.patterns.empty() && is_cut(value)) return std::string(kRedacted);
  const std::string_view name = field_name(path);
  const bool hidden =
      name.empty() ? is_below_secret(redaction, path) : is_secret_name(redaction, name);
  return hidden ? std::string(kRedacted) : redacted_text(redaction, value);
}

std::string redacted_name(const Redaction& redaction, std::string name) {
  if (redaction.patterns.empty()) return name;
  if (is_cut(name)) return std::string(kRedacted);
  std::vector<TextRange> hidden;
  Unescaped read = as_it_is(name);
  int level = 0;
  do {
    add_matches(redaction, read, hidden);
  } while (level++ < kEncodingsMax && unescape_percent(read));
  if (hidden.empty()) return name;
  return without(in_order(std::move(hidden)), name);
}

}  // namespace banyan::shadow
