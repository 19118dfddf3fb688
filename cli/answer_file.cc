#include "cli/answer_file.h"

#include <charconv>
#include <optional>

namespace banyan::cli {
namespace {

constexpr std::size_t kHeadMax = std::size_t{1} << 20;

// Takes a line off, without its end; CR LF and LF both end one.
std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return line;
}

// `HTTP/1.1 200 OK`, `HTTP/2 200`
std::optional<int> status_of(std::string_view line) {
  const std::size_t space = line.find(' ');
  if (!line.starts_with("HTTP/") || space == std::string_view::npos) return std::nullopt;
  const std::string_view code = line.substr(space + 1, 3);
  int status = 0;
  const auto [end, error] = std::from_chars(code.data(), code.data() + code.size(), status);
  const bool whole = error == std::errc() && end == code.data() + code.size() && code.size() == 3;
  return whole && status >= 100 ? std::optional(status) : std::nullopt;
}

// A head at the front of `rest`, which is then what stands behind it.
bool take_head(std::string_view& rest, shadow::CapturedResponse& response) {
  std::string_view text = rest;
  auto line = take_line(text);
  const auto status = line ? status_of(*line) : std::nullopt;
  if (!status) return false;
  response.status = *status;
  response.headers.clear();
  while ((line = take_line(text)) && !line->empty()) {
    const std::size_t colon = line->find(':');
    if (colon == std::string_view::npos || rest.size() - text.size() > kHeadMax) return false;
    const std::size_t value = line->find_first_not_of(" \t", colon + 1);
    const std::string_view trimmed =
        value == std::string_view::npos ? std::string_view() : line->substr(value);
    response.headers.add(line->substr(0, colon),
                         trimmed.substr(0, trimmed.find_last_not_of(" \t") + 1));
  }
  if (!line) return false;
  rest = text;
  return true;
}

}  // namespace

SavedAnswer read_answer(std::string_view text) {
  SavedAnswer saved;
  std::string_view rest = text;
  shadow::CapturedResponse head;
  while (take_head(rest, head)) {
    saved.response = std::move(head);
    saved.has_head = true;
    const int kind = saved.response.status / 100;
    if (kind != 1 && kind != 3) break;
  }
  saved.response.body = rest;
  return saved;
}

}  // namespace banyan::cli
