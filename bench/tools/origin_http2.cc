// The server of HTTP/2 behind every proxy that is measured, as bench_origin is that of HTTP/1.1.
//
//     bench_origin_http2
//
//     GET or POST /bench/SIZE   200 with sample_body(SIZE), after the request's body was read;
//                               a gRPC call gets sample_message(SIZE) and its status in trailers
//
// Prints its port. Each line on stdin is answered with how much came so far, as JSON; it serves
// until stdin ends.

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "bench/tools/http2_link.h"
#include "bench/tools/sample_body.h"
#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr std::size_t kAnswerMax = 16 << 20;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::string_view kPath = "/bench/";

struct Counts {
  unsigned long requests = 0, shadows = 0, body_bytes = 0, connections = 0, bad = 0;
};

struct Call {
  std::size_t answer_bytes = kNone, sent = 0;
  const std::string* answer = nullptr;
  bool is_grpc = false, is_shadow = false;
};

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {static_cast<const char*>(static_cast<const void*>(bytes)), size};
}

// The answers, made once for each size.
class Answers {
 public:
  const std::string& of(const Call& call) {
    std::string& body = (call.is_grpc ? messages_ : bodies_)[call.answer_bytes];
    if (body.empty() && call.answer_bytes > 0) {
      body = call.is_grpc ? sample_message(call.answer_bytes) : sample_body(call.answer_bytes);
    }
    return body;
  }

 private:
  std::map<std::size_t, std::string> bodies_, messages_;
};

struct Connection {
  Counts& counts;
  Answers& answers;
  std::map<std::int32_t, Call> calls;
  std::unique_ptr<Http2Link> link;
  bool waits_to_write = false;
};

Connection& connection_of(void* user) { return *static_cast<Connection*>(user); }

int on_begin(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  connection_of(user).calls[frame->hd.stream_id];
  return 0;
}

int on_field(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name,
             std::size_t name_size, const std::uint8_t* value, std::size_t value_size, std::uint8_t,
             void* user) {
  Call& call = connection_of(user).calls[frame->hd.stream_id];
  const std::string_view field = text(name, name_size), content = text(value, value_size);
  if (field == ":path" && content.starts_with(kPath)) {
    call.answer_bytes = number(content.substr(kPath.size()), kNone);
  } else if (field == "content-type") {
    call.is_grpc = content == "application/grpc";
  } else if (field == "x-banyan-shadow") {
    call.is_shadow = true;
  }
  return 0;
}

int on_data(nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t size,
            void* user) {
  connection_of(user).counts.body_bytes += size;
  return 0;
}

ssize_t read_answer(nghttp2_session* session, std::int32_t id, std::uint8_t* buffer,
                    std::size_t size_max, std::uint32_t* flags, nghttp2_data_source* source,
                    void*) {
  Call& call = *static_cast<Call*>(source->ptr);
  const std::size_t size = std::min(size_max, call.answer->size() - call.sent);
  std::copy_n(call.answer->data() + call.sent, size, buffer);
  call.sent += size;
  if (call.sent < call.answer->size()) return static_cast<ssize_t>(size);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (call.is_grpc) {
    *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
    const nghttp2_nv status = http2_field("grpc-status", "0");
    nghttp2_submit_trailer(session, id, &status, 1);
  }
  return static_cast<ssize_t>(size);
}

void answer(Connection& connection, std::int32_t id, Call& call) {
  nghttp2_session& session = connection.link->session();
  if (call.answer_bytes > kAnswerMax) {
    ++connection.counts.bad;
    nghttp2_submit_rst_stream(&session, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
    return;
  }
  ++(call.is_shadow ? connection.counts.shadows : connection.counts.requests);
  call.answer = &connection.answers.of(call);
  const std::string length = std::to_string(call.answer_bytes);
  const std::array<nghttp2_nv, 5> fields = {
      {http2_field(":status", "200"), http2_field("date", "Sun, 06 Nov 1994 08:49:37 GMT"),
       http2_field("content-type", call.is_grpc ? "application/grpc" : "application/json"),
       http2_field("cache-control", "no-store"), http2_field("content-length", length)}};
  const nghttp2_data_provider body = {{.ptr = &call}, read_answer};
  nghttp2_submit_response(&session, id, fields.data(), call.is_grpc ? 4 : 5, &body);
}

int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user) {
  Connection& connection = connection_of(user);
  const bool is_of_a_message = frame->hd.type == NGHTTP2_HEADERS || frame->hd.type == NGHTTP2_DATA;
  if (!is_of_a_message || (frame->hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return 0;
  answer(connection, frame->hd.stream_id, connection.calls[frame->hd.stream_id]);
  return 0;
}

int on_close(nghttp2_session*, std::int32_t id, std::uint32_t, void* user) {
  connection_of(user).calls.erase(id);
  return 0;
}

class Origin {
 public:
  Origin() : callbacks_(new_http2_callbacks()), input_(kReadSize, '\0') {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks_.get(), on_begin);
    nghttp2_session_callbacks_set_on_header_callback(callbacks_.get(), on_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks_.get(), on_data);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks_.get(), on_frame);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks_.get(), on_close);
    std::uint16_t port = 0;
    listener_ = listen_on_loopback(port);
    poller_.watch(listener_, EPOLLIN, tag(listener_));
    poller_.watch(STDIN_FILENO, EPOLLIN, tag(STDIN_FILENO));
    std::printf("%u\n", static_cast<unsigned>(port));
    std::fflush(stdout);
  }

  void run() {
    while (true) {
      for (const epoll_event& event : poller_.wait(-1)) {
        const int fd = static_cast<int>(event.data.u64);
        if (fd == STDIN_FILENO) {
          char line[64];
          if (read(fd, line, sizeof line) <= 0) return;
          print_counts();
        } else if (fd == listener_) {
          accept_all();
        } else {
          serve(static_cast<std::size_t>(fd), event.events);
        }
      }
    }
  }

 private:
  static std::uint64_t tag(int fd) { return static_cast<std::uint64_t>(fd); }

  void print_counts() const {
    std::printf(R"({"requests":%lu,"shadows":%lu,"body_bytes":%lu,"connections":%lu,"bad":%lu})"
                "\n",
                counts_.requests, counts_.shadows, counts_.body_bytes, counts_.connections,
                counts_.bad);
    std::fflush(stdout);
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      prepare(fd);
      ++counts_.connections;
      const auto index = static_cast<std::size_t>(fd);
      if (connections_.size() <= index) connections_.resize(index + 1);
      auto connection = std::make_unique<Connection>(Connection{counts_, answers_, {}, {}, false});
      nghttp2_session* session = nullptr;
      nghttp2_session_server_new(&session, callbacks_.get(), connection.get());
      connection->link = std::make_unique<Http2Link>(fd, session);
      connections_[index] = std::move(connection);
      poller_.watch(fd, EPOLLIN, tag(fd));
    }
  }

  void serve(std::size_t index, std::uint32_t events) {
    Connection& connection = *connections_[index];
    Http2Link& link = *connection.link;
    if (((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !link.read(input_)) ||
        !link.write()) {
      connections_[index].reset();
      return;
    }
    if (link.waits_to_write() == connection.waits_to_write) return;
    connection.waits_to_write = link.waits_to_write();
    poller_.change(link.fd(), connection.waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN,
                   tag(link.fd()));
  }

  Http2Callbacks callbacks_;
  Poller poller_;
  int listener_ = -1;
  std::string input_;
  Counts counts_;
  Answers answers_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
};

}  // namespace
}  // namespace banyan::bench

int main(int count, char**) {
  if (count > 1) {
    std::fprintf(stderr, "usage: bench_origin_http2\n");
    return 2;
  }
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  banyan::bench::Origin().run();
}
