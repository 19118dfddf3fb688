// config/decode_store.h: the keys under `store:`.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_store(const Cursor& cursor, Draft& draft);
void list_store_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
