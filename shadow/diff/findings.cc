#include "shadow/diff/findings.h"

#include <algorithm>

namespace banyan::shadow {

bool Findings::is_ignored(const std::string& path) const {
  return std::any_of(rules_.ignore.begin(), rules_.ignore.end(),
                     [&path](const PathPattern& pattern) { return pattern.matches(path); });
}

}  // namespace banyan::shadow
