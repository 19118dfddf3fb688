// proxy/net/unix_socket.h: sockets that are a file, for those on the same machine.
#pragma once

#include <string>

#include "base/result.h"

namespace banyan::net {

// What fits into sockaddr_un, less the name that a socket has until it stands in its place.
inline constexpr std::size_t kUnixPathBytesMax = 100;

// A listening socket at `path`, mode 0600, from which nobody accepts yet. A socket that a process
// left behind is replaced; one that somebody listens on, and a file that is no socket, is refused.
// The caller owns the descriptor and the file.
[[nodiscard]] Result<int> bind_unix(const std::string& path);
// A connected, non-blocking socket. Waits for nothing: a full backlog is an error.
[[nodiscard]] Result<int> connect_unix(const std::string& path);

}  // namespace banyan::net
