#include "proxy/codec/head_scanner.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "proxy/codec/chars.h"

namespace banyan::codec {
namespace {

constexpr std::uint32_t kBlankLineBytes = 2;

const char* find(const char* begin, const char* end, char c) {
  return static_cast<const char*>(std::memchr(begin, c, static_cast<std::size_t>(end - begin)));
}

}  // namespace

ScanLimits request_scan_limits(const HeadLimits& limits) {
  return {limits.header_bytes_max, limits.url_bytes_max + kRequestLineRestMax,
          limits.header_count_max, kLeadingBlankLinesMax, true};
}

ScanLimits response_scan_limits(const HeadLimits& limits) {
  return {limits.header_bytes_max, limits.header_bytes_max, limits.header_count_max, 0, true};
}

ScanLimits trailer_scan_limits(const HeadLimits& limits) {
  const std::size_t bytes_max = std::min(kTrailerBytesMax, limits.header_bytes_max);
  return {bytes_max, bytes_max, limits.header_count_max, 0, false};
}

std::string_view to_string(HeadFault fault) {
  switch (fault) {
    case HeadFault::none:
      return "none";
    case HeadFault::bare_cr_or_lf:
      return "CR or LF alone";
    case HeadFault::bad_line_start:
      return "line does not begin with a name";
    case HeadFault::too_many_blank_lines:
      return "too many blank lines";
    case HeadFault::start_line_too_long:
      return "start line too long";
    case HeadFault::too_many_bytes:
      return "too many bytes";
    case HeadFault::too_many_fields:
      return "too many fields";
  }
  return "none";
}

HeadScanner::Step HeadScanner::scan(Bytes in, const ScanLimits& limits, std::size_t& taken) {
  taken = 0;
  while (taken < in.size()) {
    taken += take_plain_lines(in.substr(taken), limits);
    if (taken == in.size()) break;
    const Bytes rest = in.substr(taken);
    if (ends_here(rest, limits)) {
      taken += kBlankLineBytes;
      return Step::complete;
    }
    if (line_bytes_ == 0 && !begin_line(rest.front(), limits)) return Step::refused;
    std::size_t size = 0;
    const Line line = take_line(rest, limits, size);
    taken += size;
    if (line == Line::refused) return Step::refused;
    if (is_last(line, limits)) return Step::complete;
    if (fault_ != HeadFault::none) return Step::refused;
  }
  return Step::incomplete;
}

std::size_t HeadScanner::take_plain_lines(Bytes in, const ScanLimits& limits) {
  if (line_bytes_ != 0) return 0;
  const std::size_t lines_max = limits.fields_max + (limits.has_start_line ? 1 : 0);
  const char* at = in.data();
  const char* const end = at + std::min(in.size(), limits.bytes_max - bytes_);
  while (at != end && is_token_char(*at) && lines_ < lines_max) {
    const char* const cr = find_no_text(at, end);
    if (end - cr < 2 || cr[0] != '\r' || cr[1] != '\n') break;
    const bool is_start_line = limits.has_start_line && lines_ == 0;
    const auto size = static_cast<std::size_t>(cr + 2 - at);
    if (is_start_line && size > limits.start_line_max) break;
    ++lines_;
    at += size;
  }
  const auto size = static_cast<std::size_t>(at - in.data());
  bytes_ += static_cast<std::uint32_t>(size);
  return size;
}

bool HeadScanner::ends_here(Bytes rest, const ScanLimits& limits) const {
  const bool may_end = line_bytes_ == 0 && (lines_ > 0 || !limits.has_start_line);
  return may_end && rest.starts_with("\r\n") && bytes_ + kBlankLineBytes <= limits.bytes_max;
}

bool HeadScanner::begin_line(char first, const ScanLimits& limits) {
  if (first == '\r') return true;
  if (first == '\n') return refuse(HeadFault::bare_cr_or_lf);
  if (!is_token_char(first)) return refuse(HeadFault::bad_line_start);
  ++lines_;
  const std::size_t lines_max = limits.fields_max + (limits.has_start_line ? 1 : 0);
  return lines_ <= lines_max || refuse(HeadFault::too_many_fields);
}

bool HeadScanner::find_line_end(Bytes seen, std::size_t& lf) const {
  lf = Bytes::npos;
  if (seen.empty()) return true;
  if (after_cr_) {
    lf = 0;
    return seen[0] == '\n';
  }
  const char* const begin = seen.data();
  const char* const end = begin + seen.size();
  const char* const line_end = find(begin, end, '\n');
  const char* const text_end = line_end != nullptr ? line_end : end;
  const char* const cr = find(begin, text_end, '\r');
  if (line_end != nullptr) lf = static_cast<std::size_t>(line_end - begin);
  return cr == nullptr ? line_end == nullptr : cr + 1 == text_end;
}

HeadScanner::Line HeadScanner::take_line(Bytes in, const ScanLimits& limits, std::size_t& taken) {
  const std::size_t size_max = room(limits);
  const Bytes seen = in.substr(0, size_max);
  std::size_t lf = 0;
  if (!find_line_end(seen, lf)) return refuse_line(HeadFault::bare_cr_or_lf);
  const bool ended = lf != Bytes::npos;
  if (!ended && seen.size() < in.size()) {
    const bool by_section = size_max == limits.bytes_max - bytes_;
    return refuse_line(by_section ? HeadFault::too_many_bytes : HeadFault::start_line_too_long);
  }
  taken = ended ? lf + 1 : seen.size();
  bytes_ += static_cast<std::uint32_t>(taken);
  line_bytes_ += static_cast<std::uint32_t>(taken);
  after_cr_ = !ended && seen.back() == '\r';
  if (!ended) return Line::open;
  return std::exchange(line_bytes_, 0) == kBlankLineBytes ? Line::blank : Line::ended;
}

bool HeadScanner::is_last(Line line, const ScanLimits& limits) {
  if (line != Line::blank) return false;
  if (lines_ > 0 || !limits.has_start_line) return true;
  if (++blank_lines_ > limits.blank_lines_max) (void)refuse(HeadFault::too_many_blank_lines);
  return false;
}

std::size_t HeadScanner::room(const ScanLimits& limits) const {
  const std::size_t of_section = limits.bytes_max - bytes_;
  if (!limits.has_start_line || lines_ != 1) return of_section;
  return std::min(of_section, limits.start_line_max - line_bytes_);
}

bool HeadScanner::refuse(HeadFault fault) {
  fault_ = fault;
  return false;
}

HeadScanner::Line HeadScanner::refuse_line(HeadFault fault) {
  fault_ = fault;
  return Line::refused;
}

}  // namespace banyan::codec
