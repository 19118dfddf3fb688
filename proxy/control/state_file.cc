#include "proxy/control/state_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <utility>

namespace banyan::control {
namespace {

using nlohmann::json;

constexpr int kJsonIndent = 2;
constexpr int kAsideNamesMax = 1000;

tl::unexpected<std::string> failed(const std::string& doing, const std::string& path) {
  return tl::unexpected(doing + " " + path + ": " + std::strerror(errno));
}

// Closes what it holds.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool ok() const { return fd_ >= 0; }
  // Some file systems tell only now that the disk is full.
  [[nodiscard]] bool close() { return ::close(std::exchange(fd_, -1)) == 0; }

 private:
  int fd_;
};

bool write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

// Everything, or nothing with errno set. EFBIG: more than kStateFileBytesMax.
bool read_all(int fd, std::string& to) {
  char some[16 * 1024];
  for (;;) {
    const ssize_t got = ::read(fd, some, sizeof some);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    to.append(some, static_cast<std::size_t>(got));
    if (to.size() > kStateFileBytesMax) {
      errno = EFBIG;
      return false;
    }
  }
}

std::string text_of(const json& document) {
  return document.dump(kJsonIndent, ' ', false, json::error_handler_t::replace) + "\n";
}

std::string aside_name(const std::string& path) {
  for (int i = 1; i < kAsideNamesMax; ++i) {
    std::string name = path + ".unreadable." + std::to_string(i);
    if (!std::filesystem::exists(name)) return name;
  }
  return path + ".unreadable";
}

}  // namespace

StateFile::Loaded StateFile::load() const {
  const Descriptor file(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.ok() && errno == ENOENT) return {};
  Loaded loaded{Found::unreadable, {}, {}};
  std::string text;
  if (!file.ok() || !read_all(file.get(), text)) {
    loaded.problem = path_ + ": " + std::strerror(errno);
    return loaded;
  }
  bool is_too_deep = false;
  const auto is_taken = [&](int depth, json::parse_event_t, const json&) {
    is_too_deep |= depth > kStateFileDepthMax;
    return !is_too_deep;
  };
  loaded.document = json::parse(text, is_taken, false);
  if (is_too_deep) {
    loaded.document = {};
    loaded.problem = path_ + ": nested deeper than " + std::to_string(kStateFileDepthMax);
  } else if (loaded.document.is_object()) {
    loaded.found = Found::document;
  } else {
    loaded.problem = path_ + ": not a JSON object";
  }
  return loaded;
}

Result<std::string, std::string> StateFile::write_beside(const std::string& text) const {
  const std::string beside = path_ + ".new";
  Descriptor file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!file.ok()) return failed("create", beside);
  if (!write_all(file.get(), text) || ::fsync(file.get()) != 0 || !file.close()) {
    auto error = failed("write", beside);
    ::unlink(beside.c_str());
    return error;
  }
  return beside;
}

Result<void, std::string> StateFile::sync_directory() const {
  std::string directory = std::filesystem::path(path_).parent_path().string();
  if (directory.empty()) directory = ".";
  const Descriptor opened(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!opened.ok() || ::fsync(opened.get()) != 0) return failed("sync", directory);
  return {};
}

Result<void, std::string> StateFile::save(const json& document) const {
  return save_text(text_of(document));
}

Result<void, std::string> StateFile::save_text(const std::string& text) const {
  const auto beside = write_beside(text);
  if (!beside) return tl::unexpected(beside.error());
  if (::rename(beside->c_str(), path_.c_str()) != 0) return failed("replace", path_);
  return sync_directory();
}

Result<std::string, std::string> StateFile::replace_unreadable(const json& document) const {
  const auto beside = write_beside(text_of(document));
  if (!beside) return tl::unexpected(beside.error());
  const std::string aside = aside_name(path_);
  // One step for both names; where the file system can not, a second name for the bad file first.
  if (::renameat2(AT_FDCWD, beside->c_str(), AT_FDCWD, path_.c_str(), RENAME_EXCHANGE) == 0) {
    if (::rename(beside->c_str(), aside.c_str()) != 0) return failed("move aside", path_);
  } else {
    if (::link(path_.c_str(), aside.c_str()) != 0) return failed("move aside", path_);
    if (::rename(beside->c_str(), path_.c_str()) != 0) return failed("replace", path_);
  }
  if (const auto synced = sync_directory(); !synced) return tl::unexpected(synced.error());
  return aside;
}

}  // namespace banyan::control
