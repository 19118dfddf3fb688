#include "shadow/diff/findings.h"

#include <algorithm>

#include "shadow/diff/schema_slot.h"

namespace banyan::shadow {

Findings::Findings(const CompareRules& rules, Comparison& comparison)
    : rules_(rules),
      comparison_(comparison),
      schema_(rules.described != nullptr ? rules.described->get() : rules.descriptors),
      awaits_schema_(rules.described != nullptr && schema_ == nullptr) {}

const CompareRules& Findings::rules() const {
  static const CompareRules kWithoutPlaces;
  return above_.empty() ? rules_ : kWithoutPlaces;
}

void Findings::problems(std::string_view left, std::string_view right) {
  BodyReading& body = comparison_.body;
  if (body.left_problem.empty()) body.left_problem = left;
  if (body.right_problem.empty()) body.right_problem = right;
}

std::string Findings::placed(std::string path) const {
  if (above_.empty()) return path;
  constexpr std::string_view kBody = "body";
  return above_ + path.substr(path.starts_with(kBody) ? kBody.size() : 1);
}

bool Findings::is_ignored(const std::string& path) const {
  return std::any_of(rules_.ignore.begin(), rules_.ignore.end(),
                     [&path](const PathPattern& pattern) { return pattern.matches(path); });
}

}  // namespace banyan::shadow
