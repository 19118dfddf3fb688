// config/decode_tls.h: `tls:` of a listener and of an upstream.
#pragma once

#include <string>
#include <vector>

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_server_tls(const Cursor& cursor, DraftListener& out);
void list_server_tls_keys(const std::string& prefix, std::vector<std::string>& paths);

void decode_client_tls(const Cursor& cursor, Upstream& out);
void list_client_tls_keys(const std::string& prefix, std::vector<std::string>& paths);

// What the file gives, and only proxy/net can judge.
[[nodiscard]] std::vector<const TlsValue*> tls_values(const Snapshot& snapshot);

}  // namespace banyan::config
