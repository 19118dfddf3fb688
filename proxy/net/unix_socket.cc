#include "proxy/net/unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace banyan::net {
namespace {

constexpr int kListenBacklog = 1024;

Failure failed(const std::string& what) {
  return Failure({ErrorCode::internal, Side::local, Retry::unsafe, what});
}
Failure failed_now(const std::string& doing, const std::string& path) {
  return failed(doing + " unix:" + path + ": " + std::strerror(errno));
}

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(static_cast<void*>(address.sun_path), path.data(), path.size());
  return address;
}

bool connects(int fd, const std::string& path) {
  const sockaddr_un address = address_of(path);
  return ::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// Nothing there, or a socket that nobody listens on any more.
Result<void> is_free(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) {
    if (errno == ENOENT) return {};
    return failed_now("can not bind", path);
  }
  if (!S_ISSOCK(found.st_mode)) return failed("can not bind unix:" + path + ": it is no socket");
  const int fd = new_socket();
  const bool refused = fd >= 0 && !connects(fd, path) && errno == ECONNREFUSED;
  if (fd >= 0) ::close(fd);
  if (refused) return {};
  return failed("can not bind unix:" + path + ": another process listens there");
}

}  // namespace

Result<int> bind_unix(const std::string& path, mode_t mode) {
  if (path.empty() || path.size() > kUnixPathBytesMax) {
    return failed("unix:" + path + ": 1 to " + std::to_string(kUnixPathBytesMax) + " bytes");
  }
  if (const auto free = is_free(path); !free) return tl::unexpected(free.error());
  const int fd = new_socket();
  if (fd < 0) return failed_now("can not bind", path);
  // Under another name until its mode is right and it listens; the rename replaces what was left
  // behind in one step.
  const std::string fresh = path + ".new";
  ::unlink(fresh.c_str());
  const sockaddr_un address = address_of(fresh);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::chmod(fresh.c_str(), mode) != 0 || ::listen(fd, kListenBacklog) != 0 ||
      std::rename(fresh.c_str(), path.c_str()) != 0) {
    Failure failure = failed_now("can not bind", path);
    ::close(fd);
    ::unlink(fresh.c_str());
    return failure;
  }
  return fd;
}

Result<int> connect_unix(const std::string& path) {
  if (path.empty() || path.size() > kUnixPathBytesMax) {
    return failed("unix:" + path + ": 1 to " + std::to_string(kUnixPathBytesMax) + " bytes");
  }
  const int fd = new_socket();
  if (fd < 0 || !connects(fd, path)) {
    Failure failure = failed_now("can not connect to", path);
    if (fd >= 0) ::close(fd);
    return failure;
  }
  return fd;
}

SocketFile::SocketFile(std::string path) : path_(std::move(path)) {
  struct stat found {};
  if (::lstat(path_.c_str(), &found) != 0) {
    path_.clear();
    return;
  }
  device_ = found.st_dev;
  inode_ = found.st_ino;
}

void SocketFile::remove() {
  struct stat found {};
  const std::string path = std::exchange(path_, {});
  if (path.empty() || ::lstat(path.c_str(), &found) != 0) return;
  if (found.st_dev == device_ && found.st_ino == inode_) ::unlink(path.c_str());
}

void SocketFile::set_mode(mode_t mode) const {
  if (!path_.empty()) ::chmod(path_.c_str(), mode);
}

void SocketFile::swap(SocketFile& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(inode_, other.inode_);
}

}  // namespace banyan::net
