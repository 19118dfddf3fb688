// config/decode_shadow.h: `shadow:` of a migration.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_shadow(const Cursor& cursor, DraftMigration& out);
void list_shadow_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
