// config/decode_migration.h: the entries under `migrations:`.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_migrations(const Cursor& cursor, Draft& draft);
void list_migration_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
