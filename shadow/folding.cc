// What makes an endpoint or a path countable: the parts that carry data are taken out.
#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "shadow/difference_table.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kMethodMax = 16;
constexpr std::size_t kEndpointMax = 256;
constexpr std::size_t kSegmentMax = 64;
constexpr std::size_t kSegmentsMax = 16;
constexpr std::size_t kFoldedPathMax = 256;
constexpr std::size_t kLongHex = 12;
constexpr std::size_t kLongMixed = 20;
constexpr std::size_t kUuid = 36;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_hex(char c) { return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_token(char c) {
  return is_digit(c) || is_letter(c) ||
         std::string_view("-_.~=+:").find(c) != std::string_view::npos;
}

template <class F>
bool all(std::string_view text, F is) {
  return std::all_of(text.begin(), text.end(), is);
}

bool is_uuid(std::string_view text) {
  if (text.size() != kUuid) return false;
  for (std::size_t i = 0; i < kUuid; ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    if (dash ? text[i] != '-' : !is_hex(text[i])) return false;
  }
  return true;
}

bool is_id(std::string_view text) {
  if (text.empty()) return false;
  if (all(text, is_digit) || is_uuid(text) || text.size() > kSegmentMax) return true;
  if (std::none_of(text.begin(), text.end(), is_digit)) return false;
  if (text.size() >= kLongHex && all(text, is_hex)) return true;
  return text.size() >= kLongMixed && all(text, is_token) &&
         std::any_of(text.begin(), text.end(), is_letter);
}

// Member names are more often data than segments are: versions, dates, times, addresses.
bool is_id_name(std::string_view name) {
  const bool numbered = is_digit(name.empty() ? '\0' : name.front()) &&
                        name.find_first_of(".-:/") != std::string_view::npos;
  return numbered || is_id(name);
}

// Takes the step at the front of `rest`; all of it where it is not well-formed (a cut path).
std::string_view take_step(std::string_view& rest) {
  std::size_t end = 1;
  const bool quoted = rest.starts_with("['");
  if (quoted) {
    for (end = 2; end < rest.size() && rest[end] != '\''; ++end) {
      if (rest[end] == '\\') ++end;
    }
    end += 2;
  } else if (rest.starts_with('[')) {
    end = std::min(rest.find(']'), rest.size()) + 1;
  } else {
    end = rest.find_first_of(".[", 1);
  }
  const std::string_view step = rest.substr(0, std::min(end, rest.size()));
  rest.remove_prefix(step.size());
  return step;
}

std::string_view folded_step(std::string_view step) {
  if (step.starts_with("['")) {
    const bool whole = step.size() >= 4 && step.ends_with("']");
    return whole && is_id_name(step.substr(2, step.size() - 4)) ? ".*" : step;
  }
  if (step.starts_with('[')) return step.ends_with(']') ? "[*]" : step;
  return step.starts_with('.') && is_id(step.substr(1)) ? ".*" : step;
}

}  // namespace

std::string folded_endpoint(std::string_view method, std::string_view target) {
  std::string out(method.substr(0, kMethodMax));
  out += ' ';
  std::string_view path = target.substr(0, target.find_first_of("?#"));
  for (std::size_t segments = 0; !path.empty(); ++segments) {
    if (segments == kSegmentsMax) {
      out += "/\u2026";
      break;
    }
    if (path.front() == '/') {
      out += '/';
      path.remove_prefix(1);
    }
    const std::string_view segment = path.substr(0, path.find('/'));
    path.remove_prefix(segment.size());
    out += is_id(segment) ? "{id}" : segment;
  }
  cut(out, kEndpointMax);
  return out;
}

std::string endpoint_name(const CapturedPair& pair) {
  return pair.endpoint.empty() ? folded_endpoint(pair.method, pair.target) : pair.endpoint;
}

std::string folded_path(std::string_view path) {
  std::string out;
  if (path.starts_with('$')) {
    out = "$";
    path.remove_prefix(1);
    while (!path.empty() && out.size() <= kFoldedPathMax) out += folded_step(take_step(path));
  } else if (path.starts_with("body[")) {
    out = "body[*]";
  } else {
    out = path.substr(0, kFoldedPathMax + 1);
  }
  cut(out, kFoldedPathMax);
  return out;
}

}  // namespace banyan::shadow
