#include "shadow/diff/cookie_diff.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>

#include "base/headers.h"
#include "shadow/diff/header_value.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kCookieNameShownMax = 60;
// Others count as one, so that what traffic sends names no places.
constexpr std::array<std::string_view, 9> kAttributes{"domain",   "expires",     "httponly",
                                                      "max-age",  "partitioned", "path",
                                                      "priority", "samesite",    "secure"};
constexpr std::array<std::string_view, 2> kWithoutCase{"priority", "samesite"};

struct Cookie {
  std::string_view value;
  std::map<std::string, std::string> attributes;
};
struct Cookies {
  std::vector<Cookie> left;
  std::vector<Cookie> right;
};
using ByName = std::map<std::string, Cookies>;

bool is_one_of(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

void add_attribute(std::string_view text, Cookie& cookie) {
  const std::size_t equals = std::min(text.find('='), text.size());
  std::string name = lower_case(trimmed(text.substr(0, equals)));
  const std::string_view value = trimmed(text.substr(std::min(equals + 1, text.size())));
  if (name.empty()) return;
  if (!is_one_of(kAttributes, name)) {
    cookie.attributes["extension"] += lower_case(text) + ";";
  } else if (name == "domain") {
    cookie.attributes[name] = lower_case(value.starts_with('.') ? value.substr(1) : value);
  } else {
    cookie.attributes[name] =
        is_one_of(kWithoutCase, name) ? lower_case(value) : std::string(value);
  }
}

void collect(const std::vector<std::string_view>& lines, ByName& by_name,
             std::vector<Cookie> Cookies::*side) {
  for (std::string_view line : lines) {
    const std::size_t end = std::min(line.find(';'), line.size());
    const std::string_view pair = line.substr(0, end);
    const std::size_t equals = pair.find('=');
    const bool named = equals != std::string_view::npos;
    Cookie cookie;
    cookie.value = trimmed(named ? pair.substr(equals + 1) : pair);
    std::string name(named ? trimmed(pair.substr(0, equals)) : std::string_view());
    while (line.find(';') != std::string_view::npos) {
      line.remove_prefix(line.find(';') + 1);
      add_attribute(line.substr(0, line.find(';')), cookie);
    }
    if (cookie.attributes.contains("max-age")) cookie.attributes.erase("expires");
    (by_name[std::move(name)].*side).push_back(std::move(cookie));
  }
}

std::string place_of(std::string_view kind, const std::string& name) {
  std::string shown = printable(name);
  cut(shown, kCookieNameShownMax);
  return std::string(kind) + "set-cookie[" + shown + "]";
}

std::string shown(std::string_view value, std::size_t size_max) {
  std::string out(value.substr(0, size_max + 1));
  cut(out, size_max);
  return out;
}

void compare_attributes(const std::string& place, const Cookie& left, const Cookie& right,
                        Findings& findings) {
  std::map<std::string, std::array<const std::string*, 2>> both;
  for (const auto& [name, value] : left.attributes) both[name][0] = &value;
  for (const auto& [name, value] : right.attributes) both[name][1] = &value;
  // Where one side's moment gave way to its Max-Age, the other's says nothing new.
  if (left.attributes.contains("max-age") || right.attributes.contains("max-age")) {
    both.erase("expires");
  }
  const std::size_t max = findings.shown_max();
  for (const auto& [name, values] : both) {
    const auto [a, b] = values;
    const bool same = a != nullptr && b != nullptr && (*a == *b || name == "expires");
    if (same) continue;
    const Kind kind = b == nullptr ? Kind::missing : a == nullptr ? Kind::extra : Kind::value;
    findings.add(
        kind, [&, &attribute = name] { return place + "." + attribute; },
        [a = a, max] { return a == nullptr ? std::string() : shown(*a, max); },
        [b = b, max] { return b == nullptr ? std::string() : shown(*b, max); });
  }
}

}  // namespace

void compare_cookies(std::string_view kind, const std::vector<std::string_view>& left,
                     const std::vector<std::string_view>& right, Findings& findings) {
  ByName by_name;
  collect(left, by_name, &Cookies::left);
  collect(right, by_name, &Cookies::right);
  for (const auto& entry : by_name) {
    const std::string place = place_of(kind, entry.first);
    const std::vector<Cookie>& a = entry.second.left;
    const std::vector<Cookie>& b = entry.second.right;
    const auto at = [&place] { return place; };
    const auto value_of = [max = findings.shown_max()](const Cookie& cookie) {
      return shown(cookie.value, max);
    };
    for (std::size_t i = 0; i < std::max(a.size(), b.size()); ++i) {
      if (i >= b.size()) {
        findings.add(
            Kind::missing, at, [&] { return value_of(a[i]); }, [] { return std::string(); });
      } else if (i >= a.size()) {
        findings.add(
            Kind::extra, at, [] { return std::string(); }, [&] { return value_of(b[i]); });
      } else {
        if (a[i].value != b[i].value) {
          findings.add(
              Kind::value, at, [&] { return value_of(a[i]); }, [&] { return value_of(b[i]); });
        }
        compare_attributes(place, a[i], b[i], findings);
      }
    }
  }
}

}  // namespace banyan::shadow
