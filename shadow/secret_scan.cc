#include "shadow/secret_scan.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>

#include "base/headers.h"
#include "shadow/escapes.h"

namespace banyan::shadow {
namespace {

constexpr auto kNone = std::string_view::npos;
constexpr std::string_view kSigns = "=:%>";
constexpr std::string_view kBlank = " \t";
constexpr std::string_view kSpace = " \t\r\n";
// A name is looked for so far back; one that is longer is taken as no secret's.
constexpr std::size_t kNameMax = 128;
// The beginning of a tag is looked for so far back.
constexpr std::size_t kTagMax = 512;

bool is_separator(char c) { return c == '_' || c == '-'; }
bool is_name(char c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
         is_separator(c);
}
bool quote_or_slash(char c) { return c == '"' || c == '\'' || c == '\\'; }

std::string_view end_of(std::string_view text, std::size_t bytes) {
  return text.substr(text.size() - std::min(text.size(), bytes));
}

// Percent-encoding (`%5f`) and JSON escapes (`\u005f`) of ASCII; the rest stays.
std::string unescaped_name(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool json = text.substr(i).starts_with("\\u00");
    const std::size_t digits = json ? i + 4 : i + 1;
    if ((json || text[i] == '%') && digits + 1 < text.size() && hex_value(text[digits]) >= 0 &&
        hex_value(text[digits + 1]) >= 0) {
      out += static_cast<char>(hex_value(text[digits]) * 16 + hex_value(text[digits + 1]));
      i = digits + 1;
    } else {
      out += text[i];
    }
  }
  return out;
}

// `text` ends in a name, maybe behind something else: `user[token]`, `/x?token`, `\ntoken`.
bool ends_in_secret(const Redaction& redaction, std::string_view text) {
  const auto ends_a_name = [](char c) { return is_name(c) || c == ']' || c == '['; };
  if (text.empty() || !ends_a_name(text.back())) return false;
  std::string plain = unescaped_name(end_of(text, kNameMax));
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

// ---- where values end -------------------------------------------------------------------------

std::size_t slashes_at(std::string_view text) {
  return std::min(text.find_first_not_of('\\'), text.size());
}

// A quote, also one that is escaped inside of a JSON string: `"`, `\"`, `\\\"`. 0: none.
std::size_t quote_size(std::string_view text) {
  const std::size_t slashes = slashes_at(text);
  const bool quote = slashes < text.size() && (text[slashes] == '"' || text[slashes] == '\'');
  return quote ? slashes + 1 : 0;
}

// How far to go on from where no quote is: slashes before anything else are escapes, all at once.
std::size_t step_over(std::string_view text) { return std::max<std::size_t>(slashes_at(text), 1); }

std::size_t end_of_quoted(std::string_view text, std::size_t size) {
  const char quote = text[size - 1];
  for (std::size_t i = size; i < text.size();) {
    const std::size_t inner = quote_size(text.substr(i));
    const bool same = inner > 0 && text[i + inner - 1] == quote;
    if (same && inner == size) return i + inner;
    if (same && inner < size) return i;  // the string around it ends here
    i += inner > 0 ? inner : step_over(text.substr(i));
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
    i += step_over(text.substr(i));
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
  std::size_t end = text.find_first_of("%&;#\"'<> \t\r\n\\");
  while (end != kNone && text[end] == '%') {
    const std::string_view encoded = text.substr(end, 3);
    if (nested && (encoded == "%26" || encoded == "%23")) break;
    end = text.find_first_of("%&;#\"'<> \t\r\n\\", end + 1);
  }
  return std::min(end, text.size());
}

// ---- pairs and members ------------------------------------------------------------------------

std::optional<TextRange> value_behind(const Redaction& redaction, std::string_view text,
                                      std::size_t at) {
  const std::string_view encoded = text.substr(at, 3);
  const bool nested = encoded == "%3D" || encoded == "%3d";
  const bool is_pair = text[at] == '=' || nested;
  if (!is_pair && text[at] != ':') return std::nullopt;
  std::string_view name = text.substr(0, at);
  name = name.substr(0, name.find_last_not_of(kSpace) + 1);
  while (!is_pair && !name.empty() && quote_or_slash(name.back())) name.remove_suffix(1);
  if (!ends_in_secret(redaction, name)) return std::nullopt;
  std::size_t start = at + (nested ? 3 : 1);
  start = std::min(text.find_first_not_of(is_pair ? kBlank : kSpace, start), text.size());
  const std::string_view value = text.substr(start);
  return TextRange{
      start, start + (is_pair ? end_of_pair_value(value, nested) : end_of_member_value(value))};
}

// ---- markup -----------------------------------------------------------------------------------

// Where the tag begins that `at` is in; kNone: in none.
std::size_t tag_around(std::string_view text, std::size_t at) {
  const std::string_view before = end_of(text.substr(0, at), kTagMax);
  const std::size_t bracket = before.find_last_of("<>");
  const bool open = bracket != kNone && before[bracket] == '<';
  return open ? at - before.size() + bracket : kNone;
}

// `<s:password type="x">`: what stands behind it, up to the end of that element.
std::optional<TextRange> content_of_secret(const Redaction& redaction, std::string_view text,
                                           std::size_t at) {
  const std::size_t begin = tag_around(text, at);
  if (begin == kNone || text[at - 1] == '/' || text[begin + 1] == '/') return std::nullopt;
  std::string_view name = text.substr(begin + 1, at - begin - 1);
  name = name.substr(0, name.find_first_of(kSpace));
  const std::string_view local = name.substr(name.rfind(':') + 1);
  if (!is_secret_name(redaction, local)) return std::nullopt;
  const std::size_t end = text.find("</" + std::string(name), at);
  return TextRange{at + 1, std::min(end, text.size())};
}

// `<input name="token" value="…">`: all of the tag, in whatever order its attributes are.
std::optional<TextRange> tag_of_secret(const Redaction& redaction, std::string_view text,
                                       std::size_t at) {
  std::size_t start = at;
  while (start > 0 && is_name(text[start - 1]) && at - start < kNameMax) --start;
  const std::string_view attribute = text.substr(start, at - start);
  const bool names = equals_ignoring_case(attribute, "name") ||
                     equals_ignoring_case(attribute, "id") ||
                     equals_ignoring_case(attribute, "property");
  if (!names) return std::nullopt;
  const std::string_view value = text.substr(at + 1, kNameMax);
  const std::size_t quote = quote_size(value);
  const std::string_view plain = value.substr(quote);
  std::size_t size = 0;
  while (size < plain.size() && is_name(plain[size])) ++size;
  const std::string_view name = plain.substr(0, size);
  const std::size_t begin = tag_around(text, start);
  if (begin == kNone || !is_secret_name(redaction, name)) return std::nullopt;
  return TextRange{begin + 1, std::min(text.find('>', at), text.size())};
}

std::optional<TextRange> secret_at(const Redaction& redaction, std::string_view text,
                                   std::size_t at) {
  if (text[at] == '>') return content_of_secret(redaction, text, at);
  const auto value = value_behind(redaction, text, at);
  return value || text[at] != '=' ? value : tag_of_secret(redaction, text, at);
}

}  // namespace

std::vector<TextRange> named_secrets(const Redaction& redaction, std::string_view text) {
  std::vector<TextRange> found;
  std::size_t at = text.find_first_of(kSigns);
  while (at != kNone) {
    const auto secret = secret_at(redaction, text, at);
    const bool hidden = secret && secret->end > secret->begin;
    if (hidden) found.push_back(*secret);
    at = text.find_first_of(kSigns, hidden ? std::max(secret->end, at + 1) : at + 1);
  }
  return found;
}

}  // namespace banyan::shadow
