#include "proxy/observe/logging.h"

#include <spdlog/async.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <mutex>

#include "proxy/observe/json_line.h"
#include "proxy/observe/stderr_sink.h"

namespace banyan::observe {
namespace {

constexpr const char* kPattern = "%Y-%m-%dT%H:%M:%S.%fZ %l %v";

spdlog::level::level_enum spdlog_level(std::string_view word) {
  if (word == "trace") return spdlog::level::trace;
  if (word == "debug") return spdlog::level::debug;
  if (word == "warning") return spdlog::level::warn;
  if (word == "error") return spdlog::level::err;
  return spdlog::level::info;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::trace:
      return spdlog::level::trace;
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warning:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::info;
}

// What lies behind the free functions. It lives as long as the process, like stderr.
struct Log {
  std::mutex mutex;
  std::shared_ptr<StderrSink> sink = std::make_shared<StderrSink>();
  std::shared_ptr<spdlog::details::thread_pool> pool;
  std::shared_ptr<spdlog::logger> logger = direct();
  std::atomic<std::uint64_t> lost_before{0};  // of pools that are gone

  static std::shared_ptr<spdlog::logger> formatted(std::shared_ptr<spdlog::logger> made) {
    made->set_pattern(kPattern, spdlog::pattern_time_type::utc);
    return made;
  }
  std::shared_ptr<spdlog::logger> direct() {
    return formatted(std::make_shared<spdlog::logger>("banyan", sink));
  }
  std::shared_ptr<spdlog::logger> current() {
    const std::lock_guard lock(mutex);
    return logger;
  }
};

Log& the_log() {
  static Log log;
  return log;
}

}  // namespace

void start_logging(std::string_view level) {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  if (!log.pool) {
    log.sink->wait_for_reader(true);
    log.pool = std::make_shared<spdlog::details::thread_pool>(kLogQueueMax, 1);
    log.logger = Log::formatted(std::make_shared<spdlog::async_logger>(
        "banyan", log.sink, log.pool, spdlog::async_overflow_policy::overrun_oldest));
  }
  log.logger->set_level(spdlog_level(level));
}

void stop_logging() {
  Log& log = the_log();
  std::shared_ptr<spdlog::details::thread_pool> pool;
  {
    const std::lock_guard lock(log.mutex);
    if (!log.pool) return;
    log.sink->wait_for_reader(false);
    auto after = log.direct();
    after->set_level(log.logger->level());
    log.lost_before += log.pool->overrun_counter();
    log.logger = std::move(after);
    pool = std::move(log.pool);
  }
  pool.reset();  // writes what is queued and joins its thread
}

std::string log_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const auto first = static_cast<unsigned char>(text.front());
    // C1 controls (U+0080 to U+009F) act on a terminal like those of ASCII.
    const bool c1 = length == 2 && first == 0xC2U && static_cast<unsigned char>(text[1]) < 0xA0U;
    if ((length > 1 && !c1) || (length == 1 && first >= 0x20U && first != 0x7FU)) {
      out += text.substr(0, length);
      text.remove_prefix(length);
    } else {
      out += fmt::format("\\x{:02x}", first);
      text.remove_prefix(1);
    }
  }
  return out;
}

void log(Level level, std::string_view text) {
  const auto logger = the_log().current();
  if (logger->should_log(spdlog_level(level))) logger->log(spdlog_level(level), log_text(text));
}

void log_lines(Level level, std::string_view text) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    log(level, text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
}

std::uint64_t log_lines_lost() {
  Log& log = the_log();
  const std::lock_guard lock(log.mutex);
  return log.lost_before + log.sink->lost() + (log.pool ? log.pool->overrun_counter() : 0);
}

}  // namespace banyan::observe
