// config/decode_upstream.h: the entries under `upstreams:`, and `resolver:`, which finds them.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_upstreams(const Cursor& cursor, Draft& draft);
void list_upstream_keys(const std::string& prefix, std::vector<std::string>& paths);
void decode_resolver(const Cursor& cursor, Draft& draft);
void list_resolver_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
