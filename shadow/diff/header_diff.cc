#include "shadow/diff/header_diff.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "shadow/diff/cookie_diff.h"
#include "shadow/diff/grpc_diff.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kHeaderNameShownMax = 100;
constexpr std::string_view kStatusDetails = "grpc-status-details-bin";

// Names without an id in base/headers.h that differ with every request.
constexpr std::array<std::string_view, 10> kRequestIds{
    "b3",           "request-id",       "tracestate",         "x-amzn-trace-id", "x-b3-spanid",
    "x-b3-traceid", "x-correlation-id", "x-datadog-trace-id", "x-trace-id",      "x-transaction-id",
};

struct Values {
  std::vector<std::string_view> left;
  std::vector<std::string_view> right;
  Header field;  // the first of that name
};
using ByName = std::map<std::string, Values>;

std::string shown(const std::vector<std::string_view>& values, std::size_t size_max) {
  if (values.empty()) return {};
  std::string out;
  if (values.size() == 1) {
    out = values.front().substr(0, size_max + 1);
  } else {
    for (const std::string_view value : values) {
      if (out.size() > size_max) break;
      out.append(out.empty() ? "[\"" : ", \"").append(value.substr(0, size_max)).append("\"");
    }
    out += ']';
  }
  cut(out, size_max);
  return out;
}

template <class Text>
Kind kind_of(const std::vector<Text>& left, const std::vector<Text>& right) {
  if (right.empty()) return Kind::missing;
  if (left.empty()) return Kind::extra;
  if (left.size() != right.size()) return Kind::length;
  const bool moved = std::is_permutation(left.begin(), left.end(), right.begin());
  return moved ? Kind::order : Kind::value;
}

void collect(const Headers& headers, ByName& by_name, std::vector<std::string_view> Values::*side) {
  for (const Header header : headers) {
    if (!is_compared(header)) continue;
    Values& values = by_name[lower_case(header.name)];
    values.field = header;
    (values.*side).push_back(header.value);
  }
}

bool same_name(const Header& a, const Header& b) {
  if (a.id != b.id) return false;
  return a.id != HeaderId::other || equals_ignoring_case(a.name, b.name);
}

// How many fields of that name stand before field `end`.
std::size_t occurrences(const Headers& headers, const Header& name, std::size_t end) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < end; ++i) {
    if (same_name(headers[i], name)) ++count;
  }
  return count;
}

bool has(const Headers& headers, const Header& wanted, std::size_t occurrence) {
  for (const Header header : headers) {
    if (!same_name(header, wanted)) continue;
    if (occurrence == 0) return header.value == wanted.value;
    --occurrence;
  }
  return false;
}

std::size_t next_compared(const Headers& headers, std::size_t at) {
  while (at < headers.size() && !is_compared(headers[at])) ++at;
  return at;
}

// Both in the same order, as two instances of one program send them.
bool equal_in_order(const Headers& a, const Headers& b) {
  std::size_t i = 0;
  std::size_t k = 0;
  while (true) {
    i = next_compared(a, i);
    k = next_compared(b, k);
    if (i == a.size() || k == b.size()) return i == a.size() && k == b.size();
    const Header left = a[i++];
    const Header right = b[k++];
    if (!same_name(left, right) || left.value != right.value) return false;
  }
}

std::size_t count_compared(const Headers& headers) {
  std::size_t count = 0;
  for (const Header header : headers) {
    if (is_compared(header)) ++count;
  }
  return count;
}

}  // namespace

bool is_compared(const Header& header) {
  switch (header.id) {
    case HeaderId::age:
    case HeaderId::connection:
    case HeaderId::content_length:
    case HeaderId::date:
    case HeaderId::keep_alive:
    case HeaderId::proxy_connection:
    case HeaderId::server:
    case HeaderId::te:
    case HeaderId::traceparent:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
    case HeaderId::via:
    case HeaderId::x_request_id:
      return false;
    case HeaderId::other:
      return std::none_of(kRequestIds.begin(), kRequestIds.end(), [&](std::string_view name) {
        return equals_ignoring_case(name, header.name);
      });
    default:
      return true;
  }
}

namespace {

// What differs of one name; nothing where only the spelling does.
std::optional<Kind> difference_of(const Values& values, const HeaderContext& context) {
  if (values.left == values.right) return std::nullopt;
  if (context.codings_are_off && values.field.id == HeaderId::content_encoding) {
    return std::nullopt;
  }
  const bool both = !values.left.empty() && !values.right.empty();
  if (!both || !has_normal_form(values.field)) return kind_of(values.left, values.right);
  const auto left = normal_values(values.field, values.left, context);
  const auto right = normal_values(values.field, values.right, context);
  if (left == right) return std::nullopt;
  return kind_of(left, right);
}

void compare_fields(std::string_view kind, const Headers& left, const Headers& right,
                    Findings& findings, const HeaderContext& context) {
  ByName by_name;
  collect(left, by_name, &Values::left);
  collect(right, by_name, &Values::right);
  for (const auto& entry : by_name) {
    const std::string& name = entry.first;
    const Values& values = entry.second;
    if (values.field.id == HeaderId::set_cookie) {
      if (values.left != values.right) compare_cookies(kind, values.left, values.right, findings);
      continue;
    }
    const std::optional<Kind> difference = difference_of(values, context);
    if (!difference) continue;
    if (name == kStatusDetails && values.left.size() == 1 && values.right.size() == 1) {
      Findings below(findings, std::string(kind) + name);
      if (compare_status_details(values.left[0], values.right[0], below)) continue;
    }
    findings.add(
        *difference,
        [kind, &name] {
          std::string shown_name = name;
          cut(shown_name, kHeaderNameShownMax);
          return std::string(kind) + shown_name;
        },
        [&] { return shown(values.left, findings.shown_max()); },
        [&] { return shown(values.right, findings.shown_max()); });
  }
}

}  // namespace

void compare_headers(const Headers& left, const Headers& right, Findings& findings,
                     const HeaderContext& context) {
  compare_fields("header:", left, right, findings, context);
}

void compare_trailers(const Headers& left, const Headers& right, Findings& findings) {
  compare_fields("trailer:", left, right, findings, {});
}

bool equal_headers(const Headers& a, const Headers& b) {
  if (a.lines() == b.lines() || equal_in_order(a, b)) return true;
  if (count_compared(a) != count_compared(b)) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const Header header = a[i];
    if (is_compared(header) && !has(b, header, occurrences(a, header, i))) return false;
  }
  return true;
}

}  // namespace banyan::shadow
