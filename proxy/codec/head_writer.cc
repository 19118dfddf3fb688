#include "proxy/codec/head_writer.h"

#include <algorithm>
#include <charconv>

#include "proxy/codec/chars.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kScratchBytesKeptMax = std::size_t{128} * 1024;
constexpr std::size_t kDigitsMax = 20;
constexpr std::size_t kLineEndSize = 2;

// `text`, or nothing where it would be a second line or another part of this one.
std::string_view visible(std::string_view text) {
  const char* const end = text.data() + text.size();
  return find_control_or_space(text.data(), end) == end ? text : std::string_view();
}

char* put(char* to, std::string_view text) { return std::copy(text.begin(), text.end(), to); }

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
  static constexpr std::string_view kVersionAndHost = " HTTP/1.1\r\nHost: ";
  const std::string_view method = visible(head.method_text);
  const std::string_view target = visible(head.target);
  const std::string_view authority = visible(head.authority);
  char* to = out.extend(method.size() + 1 + target.size() + kVersionAndHost.size() +
                        authority.size() + kLineEndSize);
  to = put(to, method);
  *to++ = ' ';
  to = put(put(put(to, target), kVersionAndHost), authority);
  put(to, "\r\n");
}

void append_status_line(TextBuffer& out, const ResponseHead& head) {
  static constexpr std::string_view kVersion = "HTTP/1.1 ";
  static constexpr std::size_t kStatusSize = 4;  // with its space
  const auto digit = [&](int unit) { return static_cast<char>('0' + head.status / unit % 10); };
  std::string_view reason = head.reason;
  const char* const reason_end = reason.data() + reason.size();
  if (find_no_text(reason.data(), reason_end) != reason_end) reason = {};
  char* to = out.extend(kVersion.size() + kStatusSize + reason.size() + kLineEndSize);
  to = put(to, kVersion);
  *to++ = digit(100);
  *to++ = digit(10);
  *to++ = digit(1);
  *to++ = ' ';
  put(put(to, reason), "\r\n");
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
  const std::size_t size = out.size();
  char* const line = out.extend(kName.size() + kDigitsMax + kLineEndSize);
  char* at = put(line, kName);
  at = put(std::to_chars(at, at + kDigitsMax, length).ptr, "\r\n");
  out.cut_to(size + static_cast<std::size_t>(at - line));
}

void append_end(TextBuffer& out) { out.append("\r\n"); }

}  // namespace banyan::codec
