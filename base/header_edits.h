// base/header_edits.h: fields that a configuration puts into a message or takes from it.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/headers.h"

namespace banyan {

struct HeaderEdits {
  std::vector<std::pair<std::string, std::string>> set;  // in the place of all of that name
  std::vector<std::string> remove;

  [[nodiscard]] bool empty() const { return set.empty() && remove.empty(); }
  // Whether a field of the message itself goes.
  [[nodiscard]] bool drops(std::string_view name) const {
    return std::any_of(remove.begin(), remove.end(),
                       [&](const std::string& r) { return equals_ignoring_case(r, name); }) ||
           std::any_of(set.begin(), set.end(),
                       [&](const auto& field) { return equals_ignoring_case(field.first, name); });
  }
  void add_to(Headers& headers) const {
    for (const auto& [name, value] : set) headers.add(name, value);
  }
};

}  // namespace banyan
