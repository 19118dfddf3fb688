// proxy/codec/head_scanner.h: where a head or a trailer section ends, and whether its lines are
// lines. Pure.
//
//   section := start-line? field-line* blank      every line ends with CRLF
//
// Refused here, before a parser sees it: a CR or LF that stands alone, a line that begins with
// anything but a token character (so obs-fold and an empty field name), and what is over a limit.
// Fed in pieces, it comes to the same end at the same byte as fed whole.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/bytes.h"
#include "proxy/codec/codec.h"

namespace banyan::codec {

struct ScanLimits {
  std::size_t bytes_max;       // of the section, all lines and their ends
  std::size_t start_line_max;  // of the start line with its CRLF
  std::size_t fields_max;
  std::size_t blank_lines_max;  // tolerated before a start line (RFC 9112 §2.2)
  bool has_start_line;
};

// Besides the target: a method, the version and CRLF.
inline constexpr std::size_t kRequestLineRestMax = 64;
inline constexpr std::size_t kLeadingBlankLinesMax = 4;
inline constexpr std::size_t kTrailerBytesMax = std::size_t{8} * 1024;

[[nodiscard]] ScanLimits request_scan_limits(const HeadLimits& limits);
[[nodiscard]] ScanLimits response_scan_limits(const HeadLimits& limits);
[[nodiscard]] ScanLimits trailer_scan_limits(const HeadLimits& limits);

enum class HeadFault : std::uint8_t {
  none,
  bare_cr_or_lf,
  bad_line_start,
  too_many_blank_lines,
  start_line_too_long,
  too_many_bytes,
  too_many_fields,
};
// For people; a literal.
[[nodiscard]] std::string_view to_string(HeadFault fault);

class HeadScanner {
 public:
  enum class Step : std::uint8_t { incomplete, complete, refused };

  // Takes what belongs to the section; `taken` is how much of `in` that is. After `complete` or
  // `refused`: reset() before the next scan.
  [[nodiscard]] Step scan(Bytes in, const ScanLimits& limits, std::size_t& taken);
  void reset() { *this = HeadScanner(); }

  [[nodiscard]] HeadFault fault() const { return fault_; }
  // A line that is not blank has begun.
  [[nodiscard]] bool begun() const { return lines_ > 0; }
  [[nodiscard]] bool untouched() const { return bytes_ == 0; }
  // Size of the tolerated blank lines before the start line.
  [[nodiscard]] std::size_t leading() const { return std::size_t{2} * blank_lines_; }

 private:
  enum class Line : std::uint8_t { open, ended, blank, refused };

  // Lines that are whole and as they should be, which is nearly all there ever are. Stops before
  // any other line; what is to be said about that one is said by the functions below.
  [[nodiscard]] std::size_t take_plain_lines(Bytes in, const ScanLimits& limits);
  // The blank line that ends the section lies in `rest`, whole.
  [[nodiscard]] bool ends_here(Bytes rest, const ScanLimits& limits) const;
  [[nodiscard]] bool begin_line(char first, const ScanLimits& limits);
  [[nodiscard]] Line take_line(Bytes in, const ScanLimits& limits, std::size_t& taken);
  // Whether every CR and LF of `seen` belongs to a line's end; `lf` is the first such end or npos.
  [[nodiscard]] bool find_line_end(Bytes seen, std::size_t& lf) const;
  [[nodiscard]] bool is_last(Line line, const ScanLimits& limits);
  [[nodiscard]] std::size_t room(const ScanLimits& limits) const;
  [[nodiscard]] bool refuse(HeadFault fault);
  [[nodiscard]] Line refuse_line(HeadFault fault);

  std::uint32_t bytes_ = 0;       // taken so far
  std::uint32_t line_bytes_ = 0;  // of the open line
  std::uint32_t lines_ = 0;       // begun, blank ones apart
  std::uint8_t blank_lines_ = 0;
  bool after_cr_ = false;
  HeadFault fault_ = HeadFault::none;
};

}  // namespace banyan::codec
