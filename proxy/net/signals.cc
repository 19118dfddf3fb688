#include "proxy/net/signals.h"

#include <uv.h>

#include <csignal>
#include <utility>

namespace banyan::net {

struct Signals::Handle {
  uv_signal_t signal;
  Signals* owner;
};

Signals::Signals(Loop& loop, const std::vector<int>& numbers, std::function<void(int)> on_signal)
    : on_signal_(std::move(on_signal)) {
  for (const int number : numbers) {
    auto* handle = new Handle;
    handle->owner = this;
    uv_signal_init(loop.uv(), &handle->signal);
    handle->signal.data = handle;
    uv_signal_start(
        &handle->signal,
        [](uv_signal_t* s, int signum) {
          Signals* self = static_cast<Handle*>(s->data)->owner;
          if (self != nullptr) self->on_signal_(signum);
        },
        number);
    handles_.push_back(handle);
  }
}

Signals::~Signals() {
  for (Handle* handle : handles_) {
    handle->owner = nullptr;
    uv_close(reinterpret_cast<uv_handle_t*>(&handle->signal),
             [](uv_handle_t* h) { delete static_cast<Handle*>(h->data); });
  }
}

void Signals::make_write_faults_errors() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

}  // namespace banyan::net
