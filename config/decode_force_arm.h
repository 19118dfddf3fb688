// config/decode_force_arm.h: `force_arm:` and the shadow marker of a listener.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_force_arm(const Cursor& cursor, DraftListener& out);
void list_force_arm_keys(const std::string& prefix, std::vector<std::string>& paths);

void decode_shadow_marker(const Cursor& cursor, DraftListener& out);
void decode_shadow_writes(const Cursor& cursor, DraftListener& out);

}  // namespace banyan::config
