#include "shadow/diff/body_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "shadow/diff/content_coding.h"
#include "shadow/diff/grpc_diff.h"
#include "shadow/diff/json_diff.h"
#include "shadow/diff/json_tape.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

// What a comparison thread keeps between two pairs, for each side.
constexpr std::size_t kKeptBytesMax = std::size_t{1} << 20;
// An excerpt begins where a line, a pair or a tag begins, so that the name of what it shows is in
// it (secrets are told by their names). Where none is near, and in what looks like JSON, where the
// name may be any distance away, there is no excerpt.
constexpr std::size_t kLookBackMax = 80;
constexpr std::size_t kExcerptMax = 120;

enum class Type { json, other, unknown };

Type type_of(const CapturedResponse& response) {
  const auto value = response.headers.find(HeaderId::content_type);
  if (!value) return Type::unknown;
  std::string_view type = value->substr(0, value->find(';'));
  type = type.substr(0, type.find_last_not_of(" \t") + 1);
  if (type.empty()) return Type::unknown;
  constexpr std::string_view kSuffix = "+json";
  const bool suffix = type.size() > kSuffix.size() &&
                      equals_ignoring_case(type.substr(type.size() - kSuffix.size()), kSuffix);
  return suffix || equals_ignoring_case(type, "application/json") ||
                 equals_ignoring_case(type, "text/json")
             ? Type::json
             : Type::other;
}

bool begins_as_container(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

bool may_be_json(const CapturedResponse& left, const CapturedResponse& right,
                 std::string_view left_body, std::string_view right_body) {
  const Type a = type_of(left);
  const Type b = type_of(right);
  if (a == Type::json || b == Type::json) return true;
  return a == Type::unknown && b == Type::unknown && begins_as_container(left_body) &&
         begins_as_container(right_body);
}

bool compare_as_json(std::string_view left_body, std::string_view right_body, Findings& findings) {
  thread_local JsonTape left;
  thread_local JsonTape right;
  const bool parsed = left.parse(left_body) && right.parse(right_body);
  if (parsed) compare_json(left, right, findings);
  left.shrink(kKeptBytesMax);
  right.shrink(kKeptBytesMax);
  return parsed;
}

bool begins_element(std::string_view body, std::size_t at) {
  const char c = body[at];
  if (c == '&' || c == '?' || c == '<') return true;
  if (c != '\n') return false;
  const std::size_t before = body.substr(0, at).find_last_not_of(" \t\r\n");
  return before == std::string_view::npos || (body[before] != ':' && body[before] != '=');
}

std::optional<std::size_t> excerpt_start(std::string_view body, std::size_t offset) {
  if (offset >= body.size() || begins_as_container(body)) return std::nullopt;
  const std::size_t end = offset > kLookBackMax ? offset - kLookBackMax : 0;
  for (std::size_t at = offset;; --at) {
    if (begins_element(body, at)) return at;
    if (at == 0) return 0;
    if (at == end) return std::nullopt;
  }
}

std::string shown_body(std::string_view body, std::size_t offset) {
  std::string out = fmt::format("{} bytes, from byte {}", body.size(), offset);
  const std::optional<std::size_t> start = excerpt_start(body, offset);
  if (start) {
    out += ": ";
    if (*start > 0) out += "\u2026";
    out += printable(body.substr(*start, kExcerptMax));
    if (*start + kExcerptMax < body.size()) out += "\u2026";
  }
  cut(out, kShownBytesMax);
  return out;
}

void compare_bytes(std::string_view left, std::string_view right, Findings& findings) {
  const auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (a == left.end() && b == right.end()) return;
  const auto offset = static_cast<std::size_t>(a - left.begin());
  findings.add(
      left.size() == right.size() ? Kind::value : Kind::length, [] { return std::string("body"); },
      [=] { return shown_body(left, offset); }, [=] { return shown_body(right, offset); });
}

// The body without its coding; nothing where it has one that can not be taken off.
std::optional<std::string_view> plain(const CapturedResponse& response, std::string& storage) {
  const std::size_t codings = response.headers.count(HeaderId::content_encoding);
  const std::string_view coding =
      response.headers.find(HeaderId::content_encoding).value_or("identity");
  if (codings <= 1 && equals_ignoring_case(coding, "identity")) return response.body;
  if (codings > 1) return std::nullopt;
  auto body = decoded(coding, response.body);
  if (!body) return std::nullopt;
  storage = std::move(*body);
  return storage;
}

}  // namespace

void compare_bodies(const CapturedResponse& left, const CapturedResponse& right,
                    Findings& findings) {
  if (left.body == right.body) return;
  const bool as_grpc = is_grpc(left) && is_grpc(right);
  if (as_grpc && compare_as_grpc(left.body, right.body, findings)) return;
  std::string left_storage;
  std::string right_storage;
  const auto a = plain(left, left_storage);
  const auto b = plain(right, right_storage);
  if (!a || !b) {
    compare_bytes(left.body, right.body, findings);
    return;
  }
  if (*a == *b) return;
  if (may_be_json(left, right, *a, *b) && compare_as_json(*a, *b, findings)) return;
  compare_bytes(*a, *b, findings);
}

}  // namespace banyan::shadow
