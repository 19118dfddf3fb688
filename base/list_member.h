// base/list_member.h: the members of a field's value that is a list (RFC 9110 §5.6.1).
#pragma once

#include <string_view>

namespace banyan {

// Calls `take(std::string_view)` with each non-empty, trimmed member of a comma-separated list.
template <class F>
void for_each_list_member(std::string_view list, F take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view member = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    const std::size_t first = member.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    member = member.substr(first, member.find_last_not_of(" \t") - first + 1);
    take(member);
  }
}

}  // namespace banyan
