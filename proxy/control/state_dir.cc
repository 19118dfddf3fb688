#include "proxy/control/state_dir.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace banyan::control {
namespace {

constexpr const char* kLockName = "/lock";

// What the holder wrote: its process id, for people.
std::string holder(int descriptor) {
  char digits[16] = {};
  const ssize_t size = ::pread(descriptor, digits, sizeof digits - 1, 0);
  return size > 0 ? " (process " + std::string(digits, static_cast<std::size_t>(size)) + ")" : "";
}

}  // namespace

Result<StateDir, std::string> StateDir::lock(const std::string& path) {
  std::error_code error;
  const bool is_new = std::filesystem::create_directories(path, error);
  if (is_new) std::filesystem::permissions(path, std::filesystem::perms(0750), error);
  if (error) return tl::unexpected("state_dir " + path + ": " + error.message());
  const std::string name = path + kLockName;
  const int descriptor = ::open(name.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return tl::unexpected("state_dir " + path + ": " + std::strerror(errno));
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
    const std::string why = errno == EWOULDBLOCK
                                ? "another process uses it" + holder(descriptor)
                                : "can not be locked: " + std::string(std::strerror(errno));
    ::close(descriptor);
    return tl::unexpected("state_dir " + path + ": " + why);
  }
  // Only for the message above: a full disk is no reason not to run.
  const std::string pid = std::to_string(::getpid());
  if (::ftruncate(descriptor, 0) == 0) {
    static_cast<void>(!::pwrite(descriptor, pid.data(), pid.size(), 0));
  }
  return StateDir(path, descriptor);
}

StateDir::StateDir(StateDir&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

StateDir::~StateDir() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

}  // namespace banyan::control
