// tests/unit/shadow/pairs.h: captured pairs, made short.
#pragma once

#include <initializer_list>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "shadow/diff/comparison.h"

namespace banyan::shadow::test {

using Fields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

inline Headers headers_of(Fields fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  return headers;
}

inline CapturedResponse response_of(int status, Fields fields, std::string_view body = {}) {
  CapturedResponse response;
  response.status = status;
  response.headers = headers_of(fields);
  response.body = body;
  return response;
}

inline CapturedResponse json_response(std::string_view body) {
  return response_of(200, {{"Content-Type", "application/json"}}, body);
}

inline CapturedPair pair_of(CapturedResponse legacy, CapturedResponse monolith) {
  CapturedPair pair;
  pair.method = "GET";
  pair.target = "/orders/42";
  pair.authority = "shop.test";
  pair.legacy = std::move(legacy);
  pair.monolith = std::move(monolith);
  return pair;
}

inline CompareRules rules_of(std::initializer_list<std::string_view> ignore) {
  CompareRules rules;
  for (const std::string_view text : ignore) {
    PathPattern::ParseError error{};
    if (!PathPattern::parse(text, rules.ignore.emplace_back(), error)) {
      throw std::invalid_argument(error.message);
    }
  }
  return rules;
}

inline Comparison compare_documents(std::string_view left, std::string_view right,
                                    const CompareRules& rules = {}) {
  return compare(pair_of(json_response(left), json_response(right)), rules);
}

// One line for each difference: `kind path: left | right`.
inline std::vector<std::string> lines_of(const Comparison& comparison) {
  std::vector<std::string> lines;
  for (const Difference& d : comparison.differences) {
    lines.push_back(std::string(to_string(d.kind)) + " " + d.path + ": " + d.left + " | " +
                    d.right);
  }
  return lines;
}

}  // namespace banyan::shadow::test
