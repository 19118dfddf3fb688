#include "config/decode_bind.h"

#include <algorithm>
#include <array>
#include <charconv>

namespace banyan::config {
namespace {

// `0660`, in octal as chmod takes it: of owner, group and others.
bool is_mode(std::string_view text) {
  const bool fits = text.size() == 3 || (text.size() == 4 && text.front() == '0');
  return fits && std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '7'; });
}

}  // namespace

bool read_bind(const Cursor& cursor, Address& address, std::string& socket) {
  if (cursor.node.is_text() && cursor.node.text.starts_with(kUnixScheme)) {
    return read_text(cursor, read_unix_path, socket);
  }
  return read_address(cursor, kAnyPort, address);
}

void decode_listener_bind(const Cursor& cursor, DraftListener& out) {
  if (read_bind(cursor, out.listener.bind, out.listener.socket)) out.bind = spot_of(cursor);
}

// Without quotes it is a number in YAML, of which the digits count.
void decode_socket_mode(const Cursor& cursor, DraftListener& out) {
  const std::string& text = cursor.node.text;
  if ((!cursor.node.is_text() && !cursor.node.is_number()) || !is_mode(text)) {
    return cursor.fail_type("a file mode such as 0660");
  }
  constexpr int kOctal = 8;
  std::from_chars(text.data(), text.data() + text.size(), out.listener.socket_mode, kOctal);
  out.socket_mode = spot_of(cursor);
}

void decode_proxy_protocol(const Cursor& cursor, DraftListener& out) {
  constexpr std::array<std::string_view, 2> kWords{"off", "required"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.listener.proxy_protocol = word == "required";
  out.proxy_protocol = spot_of(cursor);
}

}  // namespace banyan::config
