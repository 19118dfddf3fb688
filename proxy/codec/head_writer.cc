#include "proxy/codec/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace banyan::codec {
namespace {

constexpr std::size_t kScratchBytesKeptMax = std::size_t{128} * 1024;
constexpr std::size_t kDigitsMax = 20;

bool is_one_line(std::string_view text) {
  return text.find('\r') == text.npos && text.find('\n') == text.npos &&
         text.find('\0') == text.npos;
}

void append_if_one_line(std::string& out, std::string_view text, bool spaces_allowed) {
  const bool fits = is_one_line(text) && (spaces_allowed || text.find(' ') == text.npos);
  if (fits) out.append(text);
}

void append_number(std::string& out, std::uint64_t value) {
  std::array<char, kDigitsMax> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
  out.append(digits.data(), end);
}

void append_line(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

// What the codec itself says of a message.
constexpr std::array kWrittenAnew{HeaderId::host, HeaderId::connection, HeaderId::content_length,
                                  HeaderId::transfer_encoding};

}  // namespace

std::string& head_scratch() {
  thread_local std::string scratch;
  if (scratch.capacity() > kScratchBytesKeptMax) std::string().swap(scratch);
  scratch.clear();
  return scratch;
}

void append_request_line(std::string& out, const RequestHead& head) {
  append_if_one_line(out, head.method_text, false);
  out.push_back(' ');
  append_if_one_line(out, head.target, false);
  out.append(" HTTP/1.1\r\nHost: ");
  append_if_one_line(out, head.authority, false);
  out.append("\r\n");
}

void append_status_line(std::string& out, const ResponseHead& head) {
  out.append("HTTP/1.1 ");
  append_number(out, static_cast<std::uint64_t>(head.status));
  out.push_back(' ');
  append_if_one_line(out, head.reason, true);
  out.append("\r\n");
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  if (name.empty() || !is_one_line(name) || !is_one_line(value)) return;
  append_line(out, name, value);
}

void append_fields(std::string& out, const Headers& headers) {
  const bool as_they_are = std::none_of(kWrittenAnew.begin(), kWrittenAnew.end(),
                                        [&](HeaderId id) { return headers.has(id); });
  if (as_they_are) {
    out.append(headers.lines());
    return;
  }
  for (const Header h : headers) {
    const bool is_anew =
        std::find(kWrittenAnew.begin(), kWrittenAnew.end(), h.id) != kWrittenAnew.end();
    if (!is_anew) append_line(out, h.name, h.value);
  }
}

void append_content_length(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

void append_end(std::string& out) { out.append("\r\n"); }

}  // namespace banyan::codec
