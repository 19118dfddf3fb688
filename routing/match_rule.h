// routing/match_rule.h: what a rule asks of a request.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/headers.h"

namespace banyan::routing {

struct HeaderMatch {
  std::string name;  // lower case
  std::string value;
  friend bool operator==(const HeaderMatch&, const HeaderMatch&) = default;
};

// All keys that are given must hold; what is empty is not given.
struct MatchRule {
  std::string host = {};         // lower case, without a port
  std::string path_prefix = {};  // normalised; begins with '/', no '/' at the end except for "/"
  std::string method = {};       // as it is written: methods have a case (RFC 9110 §9.1)
  std::vector<HeaderMatch> headers = {};  // each name once, in the order of the names
  std::string listener = {};              // the name of the one that the request came by
};

// What rules look at of a request. Borrowed.
struct RequestView {
  // As in the Host field: any case, with or without a port, an IPv6 literal in brackets; one dot at
  // its end is passed over.
  std::string_view authority;
  std::string_view path;  // normalised
  std::string_view method;
  const Headers& headers;
  std::string_view listener;
};

// The value of a field that stands exactly once. A repeated one has no value that two servers
// would agree on, and so none that a rule could mean.
[[nodiscard]] std::optional<std::string_view> only_value(const Headers& headers,
                                                         std::string_view name);

}  // namespace banyan::routing
