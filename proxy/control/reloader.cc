#include "proxy/control/reloader.h"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <utility>

#include "base/stable_hash.h"
#include "proxy/control/named_files.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

constexpr std::size_t kReadBytes = std::size_t{16} * 1024;

}  // namespace

Result<std::string, std::string> read_config_file(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string bytes;
  std::array<char, kReadBytes> some;
  while (file.good() && bytes.size() <= kConfigBytesMax) {
    file.read(some.data(), some.size());
    bytes.append(some.data(), static_cast<std::size_t>(file.gcount()));
  }
  if (!file.is_open() || file.bad()) {
    return tl::unexpected(path + ": error: " + std::strerror(errno == 0 ? EIO : errno));
  }
  if (bytes.size() > kConfigBytesMax) {
    return tl::unexpected(fmt::format("{}: error: larger than {} bytes", path, kConfigBytesMax));
  }
  return bytes;
}

std::string fingerprint(std::string_view bytes) {
  return fmt::format("{}-{:08x}{:08x}", bytes.size(), murmur3_x86_32(bytes, 0),
                     murmur3_x86_32(bytes, 0x9747b28cU));
}

Reloader::Reloader(std::string path, SnapshotPtr running, Publish publish, WallTime now)
    : path_(std::move(path)), running_(std::move(running)), publish_(std::move(publish)) {
  status_.at = now;
  status_.cause = "start";
}

Result<Reloader::SnapshotPtr, std::vector<std::string>> Reloader::load(
    const std::optional<std::string>& bytes) const {
  const Result<std::string, std::string> content =
      bytes ? Result<std::string, std::string>(*bytes) : read_config_file(path_);
  if (!content) return tl::unexpected(std::vector<std::string>{content.error()});
  const config::Loaded loaded = config::load_text(*content);
  std::vector<std::string> problems;
  for (const config::Problem& problem : loaded.problems) {
    problems.push_back(config::to_text(path_, problem));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  for (const std::string& key : config::fixed_keys_changed(*running_, *loaded.snapshot)) {
    problems.push_back(path_ + ": error: " + key + ": fixed at start; a restart changes it");
  }
  for (std::string& problem : file_problems(path_, loaded)) problems.push_back(std::move(problem));
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return loaded.snapshot;
}

void Reloader::refuse(std::vector<std::string> problems, const Done& done) {
  status_.ok = false;
  ++status_.refused;
  status_.problems = std::move(problems);
  for (const std::string& problem : status_.problems) {
    observe::log_lines(observe::Level::error, problem);
  }
  observe::log_error("the configuration was not taken, the one before stays in force");
  done(status_);
}

void Reloader::reload(const std::string& cause, WallTime now, const Done& done,
                      std::optional<std::string> bytes) {
  status_.at = now;
  status_.cause = cause;
  auto next = load(bytes);
  if (!next) return refuse(std::move(next.error()), done);
  const auto told = std::make_shared<Status>();  // of this reload, whatever comes meanwhile
  const auto published = publish_(*next, [told, done] { done(*told); });
  if (!published) return refuse({path_ + ": error: " + published.error()}, done);
  running_ = *next;
  status_.ok = true;
  ++status_.taken;
  status_.problems.clear();
  *told = status_;
  observe::log_info("the configuration was taken (" + cause + ")");
}

}  // namespace banyan::control
