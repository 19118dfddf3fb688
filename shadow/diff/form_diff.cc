#include "shadow/diff/form_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "base/path_pattern.h"
#include "shadow/diff/json_text.h"
#include "shadow/diff/text_diff.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

struct Values {
  std::vector<std::string> left;
  std::vector<std::string> right;
};
using ByName = std::map<std::string, Values>;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(c | 0x20);
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// A '%' that is not followed by two hex digits stands for itself, as in browsers.
std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool encoded =
        text[i] == '%' && text.size() - i > 2 && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0;
    if (encoded) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

void collect(std::string_view body, ByName& by_name, std::vector<std::string> Values::*side) {
  while (!body.empty()) {
    const std::size_t end = std::min(body.find('&'), body.size());
    const std::string_view pair = body.substr(0, end);
    body.remove_prefix(std::min(end + 1, body.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    (by_name[unescaped(pair.substr(0, equals))].*side)
        .push_back(unescaped(pair.substr(std::min(equals + 1, pair.size()))));
  }
}

// Of the one at `index`, where there is one.
std::string shown(const std::vector<std::string>& values, std::size_t index, std::size_t size_max) {
  if (index >= values.size()) return {};
  std::string out = values[index].substr(0, size_max + 1);
  cut(out, size_max);
  return out;
}

std::string place_of(const std::string& name, std::size_t index, bool is_list) {
  std::string shown_name = name.substr(0, kNameShownMax + 1);
  cut(shown_name, kNameShownMax);
  std::string place = "$";
  append_member(place, shown_name);
  if (is_list) place += fmt::format("[{}]", index);
  return place;
}

}  // namespace

bool is_form(std::string_view body) {
  if (begins_as_container(body)) return false;
  const bool plain = std::none_of(body.begin(), body.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == '\x7f';
  });
  return plain &&
         std::count(body.begin(), body.end(), '&') < static_cast<std::ptrdiff_t>(kFormPairsMax);
}

bool compare_as_form(std::string_view left, std::string_view right, Findings& findings) {
  if (!is_form(left) || !is_form(right)) return false;
  ByName by_name;
  collect(left, by_name, &Values::left);
  collect(right, by_name, &Values::right);
  for (const auto& entry : by_name) {
    const std::vector<std::string>& a = entry.second.left;
    const std::vector<std::string>& b = entry.second.right;
    const std::size_t most = std::max(a.size(), b.size());
    for (std::size_t i = 0; i < most; ++i) {
      if (i < a.size() && i < b.size() && a[i] == b[i]) continue;
      const Kind kind = i >= b.size() ? Kind::missing : i >= a.size() ? Kind::extra : Kind::value;
      findings.add(
          kind, [&] { return place_of(entry.first, i, most > 1); },
          [&] { return shown(a, i, findings.shown_max()); },
          [&] { return shown(b, i, findings.shown_max()); });
    }
  }
  return true;
}

}  // namespace banyan::shadow
