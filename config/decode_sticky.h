// config/decode_sticky.h: the key `sticky` of a migration.
#pragma once

#include <string>
#include <vector>

#include "config/draft.h"

namespace banyan::config {

void decode_sticky(const Cursor& cursor, DraftMigration& out);
void list_sticky_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
