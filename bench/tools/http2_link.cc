#include "bench/tools/http2_link.h"

#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace banyan::bench {
namespace {

// nghttp2 takes and gives unsigned bytes.
const std::uint8_t* unsigned_bytes(const char* bytes) {
  return static_cast<const std::uint8_t*>(static_cast<const void*>(bytes));
}
const char* characters(const std::uint8_t* bytes) {
  return static_cast<const char*>(static_cast<const void*>(bytes));
}
std::uint8_t* field_bytes(std::string_view text) {
  // A field that is to be copied is only read; the type is shared with fields that are not.
  return const_cast<std::uint8_t*>(unsigned_bytes(text.data()));
}

}  // namespace

Http2Callbacks new_http2_callbacks() {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_session_callbacks_new(&callbacks);
  return Http2Callbacks(callbacks);
}

nghttp2_nv http2_field(std::string_view name, std::string_view value) {
  return {field_bytes(name), field_bytes(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NONE};
}

Http2Link::Http2Link(int fd, nghttp2_session* session) : fd_(fd), session_(session) {
  const std::array<nghttp2_settings_entry, 3> settings = {
      {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
       {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 1000},
       {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, kStreamWindow}}};
  nghttp2_submit_settings(session, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session, NGHTTP2_FLAG_NONE, 0, kConnectionWindow);
}

Http2Link::~Http2Link() { close(fd_); }

bool Http2Link::over(std::string_view problem) {
  problem_ = problem;
  return false;
}

bool Http2Link::read(std::span<char> buffer) {
  const ssize_t got = recv(fd_, buffer.data(), buffer.size(), 0);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (got <= 0) return over(got == 0 ? "closed" : std::strerror(errno));
  const ssize_t taken = nghttp2_session_mem_recv(session_.get(), unsigned_bytes(buffer.data()),
                                                 static_cast<std::size_t>(got));
  return taken == got || over(nghttp2_strerror(static_cast<int>(taken)));
}

bool Http2Link::write() {
  const std::uint8_t* frame = nullptr;
  ssize_t size = 0;
  while ((size = nghttp2_session_mem_send(session_.get(), &frame)) > 0) {
    unwritten_.append(characters(frame), static_cast<std::size_t>(size));
  }
  if (size < 0) return over(nghttp2_strerror(static_cast<int>(size)));
  if (unwritten_.empty()) return true;
  const ssize_t done = send(fd_, unwritten_.data(), unwritten_.size(), MSG_NOSIGNAL);
  if (done < 0 && errno != EAGAIN && errno != EINTR) return over(std::strerror(errno));
  if (done > 0) unwritten_.erase(0, static_cast<std::size_t>(done));
  return true;
}

}  // namespace banyan::bench
