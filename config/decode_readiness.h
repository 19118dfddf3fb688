// config/decode_readiness.h: the keys under `migrations[].readiness`.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_readiness(const Cursor& cursor, DraftMigration& out);
void list_readiness_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
