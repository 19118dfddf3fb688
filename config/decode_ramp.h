// config/decode_ramp.h: `ramp` of a migration.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_ramp(const Cursor& cursor, DraftMigration& out);
void list_ramp_keys(const std::string& prefix, std::vector<std::string>& paths);
// A flag has one ramp at most.
void check_ramps(const Draft& draft, Problems& problems);

}  // namespace banyan::config
