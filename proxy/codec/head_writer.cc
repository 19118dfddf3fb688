#include "proxy/codec/head_writer.h"

#include <array>
#include <charconv>

namespace banyan::codec {
namespace {

constexpr std::size_t kScratchBytesKeptMax = std::size_t{128} * 1024;
constexpr std::size_t kDigitsMax = 20;
constexpr std::size_t kLineMarksSize = 4;  // ": " and CRLF

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

bool is_written_anew(HeaderId id) {
  return id == HeaderId::host || id == HeaderId::connection || id == HeaderId::content_length ||
         id == HeaderId::transfer_encoding;
}

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
  const bool all_fit = is_one_line(headers.text());  // cheaper than one look at each
  out.reserve(out.size() + headers.text().size() + headers.size() * kLineMarksSize);
  for (const Header h : headers) {
    if (is_written_anew(h.id)) continue;
    if (all_fit) {
      append_line(out, h.name, h.value);
    } else {
      append_field(out, h.name, h.value);
    }
  }
}

void append_content_length(std::string& out, std::uint64_t length) {
  out.append("Content-Length: ");
  append_number(out, length);
  out.append("\r\n");
}

void append_end(std::string& out) { out.append("\r\n"); }

}  // namespace banyan::codec
