#include "cli/answer_file.h"

#include <charconv>
#include <optional>

#include "shadow/diff/field_line.h"

namespace banyan::cli {
namespace {

constexpr std::size_t kHeadMax = std::size_t{1} << 20;

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
  auto line = shadow::take_line(text);
  const auto status = line ? status_of(*line) : std::nullopt;
  if (!status) return false;
  response.status = *status;
  response.headers.clear();
  while ((line = shadow::take_line(text)) && !line->empty()) {
    const auto field = shadow::field_of(*line);
    if (!field || rest.size() - text.size() > kHeadMax) return false;
    const std::size_t before = response.headers.size();
    response.headers.add(field->name, field->value);
    if (response.headers.size() == before) return false;  // no name, or control characters
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
