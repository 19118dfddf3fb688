// proxy/observe/logging.h: the process log on stderr, for people and for collectors of lines.
//
// Asynchronous: a call copies its text into a bounded queue and returns; when the queue is full
// the oldest line goes and is counted. Before start_logging() and after stop_logging() lines go to
// stderr at once. Any thread. Not for what happens once per exchange: that is the access log.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace banyan::observe {

enum class Level : std::uint8_t { trace, debug, info, warning, error };

inline constexpr std::size_t kLogQueueMax = 8192;

// `level`: one of the words of Level; any other means info. Calling it again changes the level.
void start_logging(std::string_view level);
// Writes what is queued; what stderr's reader does not take within a second is lost.
void stop_logging();

// One line, whatever the text holds: control characters in it, a newline too, are written as
// `\x0a`, so that nobody who may name a reason can forge a line.
[[nodiscard]] std::string log_text(std::string_view text);
void log(Level level, std::string_view text);
inline void log_info(std::string_view text) { log(Level::info, text); }
inline void log_warning(std::string_view text) { log(Level::warning, text); }
inline void log_error(std::string_view text) { log(Level::error, text); }
// For our own texts of several lines (a problem with its source line): each becomes a line.
void log_lines(Level level, std::string_view text);

// Lines that a full queue or an error of stderr lost.
[[nodiscard]] std::uint64_t log_lines_lost();

}  // namespace banyan::observe
