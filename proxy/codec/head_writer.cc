#include "proxy/codec/head_writer.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "proxy/codec/chars.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kScratchBytesKeptMax = std::size_t{128} * 1024;
constexpr std::size_t kDigitsMax = 20;
constexpr std::size_t kLineEndSize = 2;

// What would be a second line or another part of this one is left out.
void append_visible(TextBuffer& out, std::string_view text) {
  const char* const end = text.data() + text.size();
  if (find_control_or_space(text.data(), end) == end) out.append(text);
}

void append_text(TextBuffer& out, std::string_view text) {
  const char* const end = text.data() + text.size();
  if (find_no_text(text.data(), end) == end) out.append(text);
}

void append_line(TextBuffer& out, std::string_view name, std::string_view value) {
  out.append(name);
  out.append(": ");
  out.append(value);
  out.append("\r\n");
}

// What the codec itself says of a message.
constexpr HeaderIds kWrittenAnew{HeaderId::host, HeaderId::connection, HeaderId::content_length,
                                 HeaderId::transfer_encoding};

}  // namespace

TextBuffer& head_scratch() {
  thread_local TextBuffer scratch;
  if (scratch.capacity() > kScratchBytesKeptMax) scratch.release();
  scratch.clear();
  return scratch;
}

void append_request_line(TextBuffer& out, const RequestHead& head) {
  append_visible(out, head.method_text);
  out.append(' ');
  append_visible(out, head.target);
  out.append(" HTTP/1.1\r\nHost: ");
  append_visible(out, head.authority);
  out.append("\r\n");
}

void append_status_line(TextBuffer& out, const ResponseHead& head) {
  const auto digit = [&](int unit) { return static_cast<char>('0' + head.status / unit % 10); };
  const std::array line{'H', 'T', 'T',        'P',       '/',      '1', '.',
                        '1', ' ', digit(100), digit(10), digit(1), ' '};
  out.append({line.data(), line.size()});
  append_text(out, head.reason);
  out.append("\r\n");
}

void append_fields(TextBuffer& out, const Headers& headers) {
  if (!headers.has_any(kWrittenAnew)) {
    out.append(headers.lines());
    return;
  }
  for (const Header h : headers) {
    if (!kWrittenAnew.has(h.id)) append_line(out, h.name, h.value);
  }
}

void append_content_length(TextBuffer& out, std::uint64_t length) {
  static constexpr std::string_view kName = "Content-Length: ";
  std::array<char, kName.size() + kDigitsMax + kLineEndSize> line;
  char* at = std::copy(kName.begin(), kName.end(), line.data());
  at = std::to_chars(at, at + kDigitsMax, length).ptr;
  *at++ = '\r';
  *at++ = '\n';
  out.append({line.data(), static_cast<std::size_t>(at - line.data())});
}

void append_end(TextBuffer& out) { out.append("\r\n"); }

}  // namespace banyan::codec
