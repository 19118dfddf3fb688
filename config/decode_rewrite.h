// config/decode_rewrite.h: `rewrite:` of a migration, and what is set and removed of fields.
#pragma once

#include "base/header_edits.h"
#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_rewrite(const Cursor& cursor, DraftMigration& out);
void list_rewrite_keys(const std::string& prefix, std::vector<std::string>& paths);

// `{ set: {}, remove: [] }`. What belongs to one connection, to the framing, or to Banyan alone can
// be neither.
void decode_header_edits(const Cursor& cursor, HeaderEdits& out);
void list_header_edit_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
