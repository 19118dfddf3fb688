// routing/sticky_key.h: the value that keeps a user on one arm.
//
// Of several fields, cookies or parameters of the same name the first that is not empty counts.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "routing/logic.h"
#include "routing/route.h"

namespace banyan::routing {

// What a thread lends to its decisions.
struct DecisionTools {
  LogicScratch logic;
  std::function<std::uint64_t()> random_bits;  // for a key that is issued
};

// Where a key may stand. Borrowed.
struct KeyPlaces {
  const RequestHead& request;
  std::string_view client;  // its address
  std::string& scratch;     // a key that does not stand there as it is
  DecisionTools& tools;
};

// The first non-empty value that `sources` name, in their order; points into `places`.
[[nodiscard]] std::optional<std::string_view> sticky_key(const std::vector<StickySource>& sources,
                                                         const KeyPlaces& places);

// A key of 128 random bits for somebody who has none, in hexadecimal; it stands in `scratch`.
[[nodiscard]] std::string_view issue_key(const KeyPlaces& places);

// The value of the first field of that name that is not empty.
[[nodiscard]] std::optional<std::string_view> header_value(const Headers& headers,
                                                           std::string_view name);

// The value of the parameter `name`, as an application sees it: `+` is a space and %XX is decoded
// (what is no escape stays). Names are compared after the same. Points into `scratch`.
[[nodiscard]] std::optional<std::string_view> query_value(std::string_view query,
                                                          std::string_view name,
                                                          std::string& scratch);

// The value of the cookie `name` in any Cookie field (RFC 6265 §4.2.1), without quotes and the
// space around it. Cookie names are case-sensitive. Empty where the cookie is there without a
// value.
[[nodiscard]] std::optional<std::string_view> cookie_value(const Headers& headers,
                                                           std::string_view name);

}  // namespace banyan::routing
