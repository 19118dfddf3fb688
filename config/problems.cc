#include "config/problems.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <utility>

namespace banyan::config {
namespace {

constexpr bool is_control(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte < 0x20 || byte == 0x7f;
}
constexpr bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U; }

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return !continues(c); }));
}

// For terminals: a file may not move the cursor.
std::string printable(std::string_view text) {
  std::string shown;
  for (const char c : text) shown += is_control(c) && c != '\t' ? '?' : c;
  return shown;
}

std::string caret_line(const Problem& problem) {
  std::string caret;
  std::string_view rest = problem.source;
  for (std::size_t i = 1; i < problem.column; ++i) {
    caret += rest.substr(0, 1) == "\t" ? '\t' : ' ';
    rest.remove_prefix(std::min(rest.size(), std::max<std::size_t>(1, character_size(rest))));
  }
  return caret + '^';
}

// `warn` for `warning`: a beginning of this size is taken as a near word.
constexpr std::size_t kBeginningBytesMin = 3;

// Optimal string alignment: insert, delete, replace, and swap of two neighbours cost 1 each.
std::size_t distance(std::string_view a, std::string_view b) {
  using Row = std::array<std::size_t, kSuggestBytesMax + 1>;
  Row before{}, last{}, now{};
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, replace});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
    }
    before = std::exchange(last, now);
  }
  return last[b.size()];
}

constexpr bool is_surrogate_or_too_large(std::uint32_t code) {
  return (code >= 0xd800 && code <= 0xdfff) || code > 0x10ffff;
}

}  // namespace

Problems::Problems(std::string_view text) : text_(text), line_starts_{0} {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool lone_return = text[i] == '\r' && text.substr(i + 1, 1) != "\n";
    if (text[i] == '\n' || lone_return) line_starts_.push_back(i + 1);
  }
}

std::size_t Problems::line_of(std::size_t at) const {
  const auto after = std::upper_bound(line_starts_.begin(), line_starts_.end(), at);
  return static_cast<std::size_t>(after - line_starts_.begin());
}

std::string_view Problems::line_text(std::size_t line) const {
  const std::size_t start = line_starts_[line - 1];
  std::string_view rest = text_.substr(std::min(start, text_.size()));
  return rest.substr(0, rest.find_first_of("\r\n"));
}

std::size_t Problems::offset_of(std::size_t line, std::size_t column) const {
  line = std::clamp<std::size_t>(line, 1, line_starts_.size());
  const std::string_view text = line_text(line);
  std::size_t at = 0;
  for (std::size_t i = 1; i < column && at < text.size(); ++i) {
    at += std::max<std::size_t>(1, character_size(text.substr(at)));
  }
  return line_starts_[line - 1] + at;
}

void Problems::add(std::size_t at, std::string path, std::string message) {
  if (found_.size() >= kProblemsMax) {
    ++left_out_;
    return;
  }
  at = std::min(at, text_.size());
  found_.push_back({at, this->at(at, std::move(path), std::move(message))});
}

Problem Problems::at(std::size_t at, std::string path, std::string message) const {
  at = std::min(at, text_.size());
  Problem problem;
  problem.line = line_of(at);
  const std::size_t start = line_starts_[problem.line - 1];
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::string_view before = text_.substr(start, at - start);
  std::string_view source = line_text(problem.line);
  if (start == 0 && source.starts_with(kByteOrderMark)) {  // no editor counts it as a column
    source.remove_prefix(kByteOrderMark.size());
    before.remove_prefix(std::min(before.size(), kByteOrderMark.size()));
  }
  problem.column = characters(before) + 1;
  if (source.size() <= kSourceBytesMax) problem.source = printable(source);
  problem.path = std::move(path);
  problem.message = std::move(message);
  return problem;
}

void Problems::add_without_place(std::string message) {
  Problem problem;
  problem.message = std::move(message);
  found_.push_back({0, std::move(problem)});
}

std::vector<Problem> Problems::take() {
  std::stable_sort(found_.begin(), found_.end(),
                   [](const Found& a, const Found& b) { return a.at < b.at; });
  std::vector<Problem> problems;
  for (Found& found : found_) problems.push_back(std::move(found.problem));
  if (left_out_ > 0) {
    Problem more;
    more.message = fmt::format("{} more problems are not shown", left_out_);
    problems.push_back(std::move(more));
  }
  found_.clear();
  left_out_ = 0;
  return problems;
}

std::string to_text(std::string_view file, const Problem& problem) {
  std::string text = printable(file);
  if (problem.line > 0)
    fmt::format_to(std::back_inserter(text), ":{}:{}", problem.line, problem.column);
  text += ": error: ";
  if (!problem.path.empty()) text += problem.path + ": ";
  text += problem.message + '\n';
  if (problem.source.empty()) return text;
  return text + problem.source + '\n' + caret_line(problem) + '\n';
}

std::string quoted(std::string_view text) {
  std::string shown = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (i >= kQuotedBytesMax && !continues(text[i])) return shown + "…\"";
    if (is_control(text[i])) {
      fmt::format_to(std::back_inserter(shown), "\\x{:02x}", static_cast<unsigned char>(text[i]));
    } else {
      shown += text[i];
    }
  }
  return shown + '"';
}

std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates) {
  if (word.empty() || word.size() > kSuggestBytesMax) return {};
  std::size_t nearest = std::clamp<std::size_t>(word.size() / 3, 1, 3) + 1;
  std::string_view found;
  for (const std::string_view candidate :
       candidates.first(std::min(candidates.size(), kCandidatesMax))) {
    if (candidate.size() > kSuggestBytesMax) continue;
    const bool is_beginning = word.size() >= kBeginningBytesMin && candidate.starts_with(word);
    const std::size_t d = is_beginning ? 1 : distance(word, candidate);
    // A word of which nothing is left is no suggestion: `a` is not a misspelt `b`.
    if (d < nearest && d < candidate.size()) {
      nearest = d;
      found = candidate;
    }
  }
  return found.empty() ? std::string() : fmt::format(" (did you mean {}?)", quoted(found));
}

std::size_t character_size(std::string_view text) {
  if (text.empty()) return 0;
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return 1;
  const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || text.size() < size) return 0;
  std::uint32_t code = lead & (0x7fU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (!continues(text[i])) return 0;
    code = code << 6U | (static_cast<unsigned char>(text[i]) & 0x3fU);
  }
  const bool overlong = (size == 3 && code < 0x800) || (size == 4 && code < 0x10000);
  return overlong || is_surrogate_or_too_large(code) ? 0 : size;
}

std::size_t first_bad_character(std::string_view text) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  std::size_t at = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
  while (at < text.size()) {
    const char c = text[at];
    const std::size_t size = character_size(text.substr(at));
    if (size == 0 || (is_control(c) && c != '\t' && c != '\n' && c != '\r')) return at;
    if (text.substr(at, size) == kByteOrderMark) return at;
    at += size;
  }
  return std::string_view::npos;
}

}  // namespace banyan::config
