// config/decode_match.h: the entries under `match:`, and of every other list of them.
#pragma once

#include <string>
#include <vector>

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

// Takes in the rules without a problem: the others have no part in a search for ties.
void decode_rules(const Cursor& cursor, std::vector<DraftRule>& out);
// A gRPC method as SERVICE/METHOD, and as the path that names it: /SERVICE/METHOD.
[[nodiscard]] Read<std::string> read_grpc_path(std::string_view text);
// The keys of one entry.
void list_rule_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
