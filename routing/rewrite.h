// routing/rewrite.h: a request as one arm knows it, and that arm's answer as the client knows it.
// Pure.
//
//   client  /orders/5?x  --replace_prefix(/orders -> /api/orders)-->  /api/orders/5?x   arm
//           Location: /orders/6   <--field_mapped_back--   Location: /api/orders/6
//
// Whole segments at the front of the target as it was written are replaced; what stands behind
// them is not decoded, encoded or otherwise touched.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/header_edits.h"
#include "base/headers.h"

namespace banyan::routing {

// Of one arm. What is empty stays as the client sent it.
struct Rewrite {
  std::string path_prefix = {};  // as in MatchRule; in the place of the matched one
  std::string host = {};
  HeaderEdits headers = {};

  [[nodiscard]] bool is_needed() const {
    return !path_prefix.empty() || !host.empty() || !headers.empty();
  }
};

// `target`: a path, maybe with a query and a fragment. Writes it to `out` with the segments of
// `to` instead of those of `from`; false where `from` does not cover it.
bool replace_prefix(std::string_view target, std::string_view from, std::string_view to,
                    std::string& out);

// What leads from an arm's answer back to what the client asked for.
struct WayBack {
  std::string_view matched;            // the rule's path_prefix; empty: paths stay
  std::string_view path_prefix;        // the arm's; empty: paths stay
  std::string_view authority;          // the client's
  std::span<const std::string> hosts;  // authorities that are the arm's
};

// A URI reference: an absolute path, or an http(s) URL of one of the arm's hosts. Nothing where it
// stays as it is.
[[nodiscard]] std::optional<std::string> uri_mapped_back(const WayBack& way, std::string_view uri);
// The value of Location, Content-Location, Link, Refresh or Set-Cookie (its Path). Nothing for any
// other field, and where it stays as it is.
[[nodiscard]] std::optional<std::string> field_mapped_back(const WayBack& way, const Header& field);

}  // namespace banyan::routing
