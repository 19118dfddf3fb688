// config/decode_bind.h: where Banyan listens, and what connections there begin with.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

inline constexpr Range kAnyPort{0, 65'535};  // to listen on; 0: the system chooses

[[nodiscard]] inline Spot spot_of(const Cursor& cursor) { return {cursor.node.at, cursor.path}; }

// An address into `address`, or the path of `unix:PATH` into `socket`.
bool read_bind(const Cursor& cursor, Address& address, std::string& socket);

void decode_listener_bind(const Cursor& cursor, DraftListener& out);
void decode_socket_mode(const Cursor& cursor, DraftListener& out);
void decode_proxy_protocol(const Cursor& cursor, DraftListener& out);

}  // namespace banyan::config
