#include "proxy/observe/stderr_sink.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace banyan::observe {
namespace {

// How long an ending process waits, for all of its lines together.
constexpr Milliseconds kStopWait{1'000};
constexpr int kPollMs = 50;
// A pipe that is ready takes this much without blocking (POSIX PIPE_BUF).
constexpr std::size_t kPipeBytesMax = 4096;

}  // namespace

void StderrSink::sink_it_(const spdlog::details::log_msg& message) {
  spdlog::memory_buf_t line;
  formatter_->format(message, line);
  if (!write({line.data(), line.size()})) lost_.fetch_add(1, std::memory_order_relaxed);
}

bool StderrSink::write(std::string_view line) {
  while (!line.empty()) {
    if (!wait_until_writable()) return false;
    const ssize_t written =
        ::write(STDERR_FILENO, line.data(), std::min(line.size(), kPipeBytesMax));
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) return false;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

bool StderrSink::wait_until_writable() {
  for (;;) {
    const bool waits = waits_.load(std::memory_order_relaxed);
    const SteadyTime now = std::chrono::steady_clock::now();
    if (waits) {
      give_up_at_.reset();
    } else if (!give_up_at_) {
      give_up_at_ = now + kStopWait;
    }
    const bool given_up = give_up_at_ && now >= *give_up_at_;
    pollfd ready{STDERR_FILENO, POLLOUT, 0};
    if (::poll(&ready, 1, given_up ? 0 : kPollMs) > 0) return (ready.revents & POLLOUT) != 0;
    if (given_up) return false;
  }
}

}  // namespace banyan::observe
