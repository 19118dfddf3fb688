// config/decode_flags.h: the keys `flags` and `flag_sources`.
#pragma once

#include <string>
#include <vector>

#include "config/draft.h"

namespace banyan::config {

void decode_flags(const Cursor& cursor, Draft& draft);
void list_flags_keys(const std::string& prefix, std::vector<std::string>& paths);
void decode_flag_sources(const Cursor& cursor, Draft& draft);
void list_flag_source_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
