#pragma once

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>

// What the tools of HTTP/2 share: a session of nghttp2 over a socket.
namespace banyan::bench {

struct DeleteCallbacks {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
};
using Http2Callbacks = std::unique_ptr<nghttp2_session_callbacks, DeleteCallbacks>;
[[nodiscard]] Http2Callbacks new_http2_callbacks();

// A field whose name and value are copied by nghttp2.
[[nodiscard]] nghttp2_nv http2_field(std::string_view name, std::string_view value);

class Http2Link {
 public:
  // Windows that hold up nobody, of a stream and of a connection.
  static constexpr std::int32_t kStreamWindow = 1 << 20, kConnectionWindow = 16 << 20;

  // Owns both; `fd` is not blocking. Settings and windows are the next that it says.
  Http2Link(int fd, nghttp2_session* session);
  ~Http2Link();
  Http2Link(const Http2Link&) = delete;
  Http2Link& operator=(const Http2Link&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] nghttp2_session& session() { return *session_; }
  // Hands what has arrived to the session. False: the connection is over, problem() says why.
  [[nodiscard]] bool read(std::span<char> buffer);
  // All that the session has to say, in one write. False as above.
  [[nodiscard]] bool write();
  [[nodiscard]] bool waits_to_write() const { return !unwritten_.empty(); }
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  struct Delete {
    void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
  };

  bool over(std::string_view problem);

  int fd_;
  std::unique_ptr<nghttp2_session, Delete> session_;
  std::string unwritten_, problem_;
};

}  // namespace banyan::bench
