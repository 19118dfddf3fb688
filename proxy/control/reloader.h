// proxy/control/reloader.h: a new configuration, all or nothing.
//
//   bytes -> decode -> fixed keys unchanged? -> publish (may fail to bind) -> all workers have it
//
// On any problem the running configuration stays, and the problems are kept for status and metrics.
// Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "config/load.h"

namespace banyan::control {

// The bytes of a file; the error is for people.
[[nodiscard]] Result<std::string, std::string> read_config_file(const std::string& path);
inline constexpr std::size_t kConfigBytesMax = 4 * 1024 * 1024;
// Tells whether two contents differ; for change_watch only.
[[nodiscard]] std::string fingerprint(std::string_view bytes);

class Reloader {
 public:
  using SnapshotPtr = std::shared_ptr<const config::Snapshot>;
  // Puts a configuration in force, or says why it can not be. `done` once all workers have it,
  // later than the call itself.
  using Publish =
      std::function<Result<void, std::string>(SnapshotPtr next, std::function<void()> done)>;

  struct Status {
    bool ok = true;
    WallTime at;
    std::string cause;                  // `start`, `signal`, `command`, `file`
    std::vector<std::string> problems;  // each as `FILE:LINE:COL: error: …`, may have lines
    std::uint64_t taken = 0;            // reloads, without the start
    std::uint64_t refused = 0;
  };
  using Done = std::function<void(const Status&)>;

  Reloader(std::string path, SnapshotPtr running, Publish publish, WallTime now);

  // `bytes`: the content of the file, where it was read already. `done` comes exactly once.
  void reload(const std::string& cause, WallTime now, const Done& done,
              std::optional<std::string> bytes = {});
  [[nodiscard]] const Status& status() const { return status_; }
  [[nodiscard]] const SnapshotPtr& running() const { return running_; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  [[nodiscard]] Result<SnapshotPtr, std::vector<std::string>> load(
      const std::optional<std::string>& bytes) const;
  void refuse(std::vector<std::string> problems, const Done& done);

  const std::string path_;
  SnapshotPtr running_;
  const Publish publish_;
  Status status_;
};

}  // namespace banyan::control
