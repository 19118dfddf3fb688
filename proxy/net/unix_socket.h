// proxy/net/unix_socket.h: sockets that are a file, for those on the same machine.
#pragma once

#include <sys/types.h>

#include <string>

#include "base/result.h"

namespace banyan::net {

// What fits into sockaddr_un, less the name that a socket has until it stands in its place.
inline constexpr std::size_t kUnixPathBytesMax = 100;

inline constexpr mode_t kForOwnerAlone = 0600;

// A listening socket at `path`, from which nobody accepts yet. A socket that a process left behind
// is replaced; one that somebody listens on, and a file that is no socket, is refused. The caller
// owns the descriptor and the file.
[[nodiscard]] Result<int> bind_unix(const std::string& path, mode_t mode = kForOwnerAlone);
// A connected, non-blocking socket. Waits for nothing: a full backlog is an error.
[[nodiscard]] Result<int> connect_unix(const std::string& path);

// The file of a socket that was bound: goes with its owner, unless another one stands there by
// then, which somebody else has bound.
class SocketFile {
 public:
  SocketFile() = default;
  explicit SocketFile(std::string path);  // as it is found there now
  SocketFile(SocketFile&& other) noexcept { swap(other); }
  SocketFile& operator=(SocketFile&& other) noexcept {
    swap(other);
    return *this;
  }
  ~SocketFile() { remove(); }

  [[nodiscard]] const std::string& path() const { return path_; }  // empty: there is none
  void remove();
  void set_mode(mode_t mode) const;

 private:
  void swap(SocketFile& other) noexcept;

  std::string path_;
  dev_t device_ = 0;
  ino_t inode_ = 0;
};

}  // namespace banyan::net
