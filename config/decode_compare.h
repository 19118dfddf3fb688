// config/decode_compare.h: `compare:` of a migration, and the same keys as a file of their own.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_compare(const Cursor& cursor, DraftMigration& out);
void list_compare_keys(const std::string& prefix, std::vector<std::string>& paths);

// Reads the file that `compare.descriptors` names, where it names one.
void load_descriptors(DraftMigration& migration, Problems& problems);

struct LoadedRules {
  shadow::CompareRules rules;  // only whole without problems
  std::vector<Problem> problems;
};

// A YAML mapping with the keys of `compare`; an empty text has no rules.
[[nodiscard]] LoadedRules load_compare_rules(std::string_view yaml);

}  // namespace banyan::config
