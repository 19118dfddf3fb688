// proxy/observe/stderr_sink.h: where the lines of the process log go. Private to logging.cc.
//
// A reader of stderr that does not read makes the writing thread wait, for ever while the process
// runs (the queue in front of it is bounded) and for a bounded time once it ends.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <atomic>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "base/time.h"

namespace banyan::observe {

class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // False: no line waits for ever from now on. Any thread.
  void wait_for_reader(bool wait) { waits_.store(wait, std::memory_order_relaxed); }
  // Lines that were not written, or not to their end.
  [[nodiscard]] std::uint64_t lost() const { return lost_.load(std::memory_order_relaxed); }

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  [[nodiscard]] bool write(std::string_view line);
  [[nodiscard]] bool wait_until_writable();

  std::atomic<bool> waits_{true};
  std::atomic<std::uint64_t> lost_{0};
  std::optional<SteadyTime> give_up_at_;  // under base_sink's lock
};

}  // namespace banyan::observe
