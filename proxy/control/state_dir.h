// proxy/control/state_dir.h: the directory of what outlives the process, held by one process.
#pragma once

#include <string>

#include "base/result.h"

namespace banyan::control {

// The lock is the kernel's and ends with the process, however it ends. Control thread only.
class StateDir {
 public:
  // Created, with its parents, where it does not exist. The error names the directory and, where
  // another process holds it, that process.
  [[nodiscard]] static Result<StateDir, std::string> lock(const std::string& path);
  ~StateDir();
  StateDir(StateDir&& other) noexcept;
  StateDir& operator=(StateDir&&) = delete;
  StateDir(const StateDir&) = delete;
  StateDir& operator=(const StateDir&) = delete;

  [[nodiscard]] std::string file(const std::string& name) const { return path_ + "/" + name; }

 private:
  StateDir(std::string path, int descriptor) : path_(std::move(path)), descriptor_(descriptor) {}

  std::string path_;
  int descriptor_;
};

}  // namespace banyan::control
