// proxy/net/file_watcher.h: tells that something changed in a file's directory.
//
// The directory is watched, not the file: an editor's rename and the `..data` swap of a mounted
// Kubernetes ConfigMap are seen. Any event counts; what it means is found out by reading the file.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "proxy/net/loop.h"

namespace banyan::net {

class FileWatcher {
 public:
  // `on_change` may come often, and without a reason. Loop thread only.
  [[nodiscard]] static Result<std::unique_ptr<FileWatcher>> watch(Loop& loop,
                                                                  const std::string& directory,
                                                                  std::function<void()> on_change);
  ~FileWatcher();
  FileWatcher(const FileWatcher&) = delete;
  FileWatcher& operator=(const FileWatcher&) = delete;

 private:
  struct Handle;
  explicit FileWatcher(std::function<void()> on_change) : on_change_(std::move(on_change)) {}

  std::function<void()> on_change_;
  Handle* handle_ = nullptr;
};

}  // namespace banyan::net
