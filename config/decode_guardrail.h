// config/decode_guardrail.h: `guardrail` of a migration.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_guardrail(const Cursor& cursor, DraftMigration& out);
void list_guardrail_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
