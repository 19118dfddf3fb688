#include "proxy/net/file_watcher.h"

#include <uv.h>

#include <utility>

namespace banyan::net {

struct FileWatcher::Handle {
  uv_fs_event_t event;
  FileWatcher* owner;
};

Result<std::unique_ptr<FileWatcher>> FileWatcher::watch(Loop& loop, const std::string& directory,
                                                        std::function<void()> on_change) {
  std::unique_ptr<FileWatcher> watcher(new FileWatcher(std::move(on_change)));
  auto* handle = new Handle;
  watcher->handle_ = handle;
  handle->owner = watcher.get();
  uv_fs_event_init(loop.uv(), &handle->event);
  handle->event.data = handle;
  const int rc = uv_fs_event_start(
      &handle->event,
      [](uv_fs_event_t* e, const char*, int, int) {
        FileWatcher* self = static_cast<Handle*>(e->data)->owner;
        if (self != nullptr) self->on_change_();
      },
      directory.c_str(), 0);
  if (rc != 0) {
    return Failure({ErrorCode::internal, Side::local, Retry::unsafe,
                    "can not watch " + directory + ": " + uv_strerror(rc)});
  }
  return watcher;
}

FileWatcher::~FileWatcher() {
  if (handle_ == nullptr) return;
  handle_->owner = nullptr;
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->event),
           [](uv_handle_t* h) { delete static_cast<Handle*>(h->data); });
}

}  // namespace banyan::net
