#include "shadow/redaction.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <numeric>
#include <utility>

#include "base/headers.h"

namespace banyan::shadow {
namespace {

constexpr auto kNone = std::string_view::npos;
// Squeezed. Also as members: some services echo the headers that they got.
constexpr std::array<std::string_view, 4> kAlways{"authorization", "cookie", "proxyauthorization",
                                                  "setcookie"};
constexpr std::array<std::string_view, 5> kSuffixes{"password", "passwd", "secret", "token",
                                                    "apikey"};
constexpr std::string_view kBlank = " \t";
constexpr std::string_view kSpace = " \t\r\n";
// A name is looked for so far back; one that is longer is taken as no secret's.
constexpr std::size_t kNameMax = 128;
// Encodings within encodings that are read.
constexpr int kEncodingsMax = 3;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c | 0x20) : c; }
bool is_separator(char c) { return c == '_' || c == '-'; }
bool is_alnum(char c) { return (c >= '0' && c <= '9') || is_upper(c) || (c >= 'a' && c <= 'z'); }
bool is_name(char c) { return is_alnum(c) || is_separator(c); }

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

bool quote_or_slash(char c) { return c == '"' || c == '\'' || c == '\\'; }

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = lower(c);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// Percent-encoding (`%5f`) and JSON escapes (`\u005f`) of ASCII; the rest stays.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool json = text.substr(i).starts_with("\\u00");
    const std::size_t digits = json ? i + 4 : i + 1;
    if ((json || text[i] == '%') && digits + 1 < text.size() && hex(text[digits]) >= 0 &&
        hex(text[digits + 1]) >= 0) {
      out += static_cast<char>(hex(text[digits]) * 16 + hex(text[digits + 1]));
      i = digits + 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

// `text` ends in a name, maybe behind something else: `user[token]`, `/x?token`, `\ntoken`.
bool ends_in_secret(const Redaction& redaction, std::string_view text) {
  std::string plain = unescaped(text.substr(text.size() - std::min(text.size(), kNameMax)));
  while (!plain.empty() && (plain.back() == ']' || plain.back() == '[')) plain.pop_back();
  std::size_t start = plain.size();
  while (start > 0 && is_name(plain[start - 1])) --start;
  const std::string_view name = std::string_view(plain).substr(start);
  if (is_secret_name(redaction, name)) return true;
  if (start == 0 || plain[start - 1] != '\\') return false;
  // The first letters may belong to an escape: \n, \x0a, \u000a.
  for (const std::size_t escape : {1U, 3U, 5U}) {
    if (name.size() > escape && is_secret_name(redaction, name.substr(escape))) return true;
  }
  return false;
}

// A quote, also one that is escaped inside of a JSON string: `"`, `\"`, `\\\"`. 0: none.
std::size_t quote_size(std::string_view text) {
  const std::size_t slashes = std::min(text.find_first_not_of('\\'), text.size());
  const bool quote = slashes < text.size() && (text[slashes] == '"' || text[slashes] == '\'');
  return quote ? slashes + 1 : 0;
}

std::size_t end_of_quoted(std::string_view text, std::size_t size) {
  const char quote = text[size - 1];
  for (std::size_t i = size; i < text.size();) {
    const std::size_t inner = quote_size(text.substr(i));
    const bool same = inner > 0 && text[i + inner - 1] == quote;
    if (same && inner == size) return i + inner;
    if (same && inner < size) return i;  // the string around it ends here
    i += std::max<std::size_t>(inner, 1);
    if (inner == 0 && text[i - 1] == '\\') ++i;
  }
  return text.size();
}

// From an opening bracket to behind the one that closes it.
std::size_t end_of_container(std::string_view text) {
  std::size_t depth = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (const std::size_t quote = quote_size(text.substr(i)); quote > 0) {
      i += end_of_quoted(text.substr(i), quote);
      continue;
    }
    if (text[i] == '{' || text[i] == '[') ++depth;
    if (text[i] == '}' || text[i] == ']') --depth;
    ++i;
    if (depth == 0) return i;
  }
  return text.size();
}

std::size_t end_of_member_value(std::string_view text) {
  if (const std::size_t quote = quote_size(text); quote > 0) return end_of_quoted(text, quote);
  if (text.starts_with('{') || text.starts_with('[')) return end_of_container(text);
  return std::min(text.find_first_of(",}]\n"), text.size());
}

// `nested`: a query inside of a query, where the end is encoded as well.
std::size_t end_of_pair_value(std::string_view text, bool nested) {
  if (const std::size_t quote = quote_size(text); quote > 0) return end_of_quoted(text, quote);
  const std::size_t end = std::min(text.find_first_of("&;#\"'<> \t\r\n\\"), text.size());
  return nested ? std::min({end, text.find("%26"), text.find("%23")}) : end;
}

// How far a secret's value reaches that begins behind the sign at `at`, or kNone where there is
// none. `start` is where it begins.
std::size_t end_of_secret(const Redaction& redaction, std::string_view text, std::size_t at,
                          std::size_t& start) {
  const std::string_view encoded = text.substr(at, 3);
  const bool nested = encoded == "%3D" || encoded == "%3d";
  const bool is_pair = text[at] == '=' || nested;
  if (!is_pair && text[at] != ':') return kNone;
  std::string_view name = text.substr(0, at);
  name = name.substr(0, name.find_last_not_of(kSpace) + 1);
  while (!is_pair && !name.empty() && quote_or_slash(name.back())) name.remove_suffix(1);
  if (!ends_in_secret(redaction, name)) return kNone;
  start = at + (nested ? 3 : 1);
  start = std::min(text.find_first_not_of(is_pair ? kBlank : kSpace, start), text.size());
  const std::string_view value = text.substr(start);
  return start + (is_pair ? end_of_pair_value(value, nested) : end_of_member_value(value));
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

// Values that stand behind the name of a secret, in their order, and then what the patterns match;
// none is empty.
std::vector<TextRange> secrets_in(const Redaction& redaction, std::string_view text) {
  std::vector<TextRange> found;
  std::size_t at = text.find_first_of("=:%");
  while (at != kNone) {
    std::size_t start = 0;
    const std::size_t end = end_of_secret(redaction, text, at, start);
    const bool is_secret = end != kNone && end != start;
    if (is_secret) found.push_back({start, end});
    at = text.find_first_of("=:%", is_secret ? end : at + 1);
  }
  for (const ValuePattern& pattern : redaction.patterns) pattern.find(text, found);
  return found;
}

// A text without some of its percent-encodings, and where each character stood before.
struct Decoded {
  std::string text;
  std::vector<std::size_t> at;  // one more than characters: the end
};

Decoded as_it_is(std::string_view text) {
  Decoded decoded{std::string(text), std::vector<std::size_t>(text.size() + 1)};
  std::iota(decoded.at.begin(), decoded.at.end(), std::size_t{0});
  return decoded;
}

// Takes one level of encodings off; false where there is none.
bool decode(Decoded& decoded) {
  const std::string_view text = decoded.text;
  Decoded next;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded =
        text[i] == '%' && text.size() - i > 2 && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    next.at.push_back(decoded.at[i]);
    next.text += encoded ? static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2])) : text[i];
    if (encoded) i += 2;
  }
  next.at.push_back(decoded.at.back());
  const bool changed = next.text.size() != text.size();
  decoded = std::move(next);
  return changed;
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

bool is_cut(std::string_view value) { return value.find("\u2026") != kNone; }

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
  std::vector<TextRange> hidden = secrets_in(redaction, text);
  Decoded decoded = as_it_is(text);
  // What stands encoded in a value is read like what stands in it: `state=%7B%22token%22%3A…`.
  for (int level = 0; level < kEncodingsMax && decode(decoded); ++level) {
    for (const TextRange& range : secrets_in(redaction, decoded.text)) {
      hidden.push_back({decoded.at[range.begin], decoded.at[range.end]});
    }
  }
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
  for (const ValuePattern& pattern : redaction.patterns) pattern.find(name, hidden);
  if (hidden.empty()) return name;
  return without(in_order(std::move(hidden)), name);
}

}  // namespace banyan::shadow
