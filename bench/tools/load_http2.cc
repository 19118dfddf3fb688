// The clients of a measurement in HTTP/2: a fixed number of requests, each answer checked.
//
//     bench_load_http2 --port P --requests N [--connections C] [--answer BYTES] [--upload BYTES]
//                      [--warm-up N] [--patience SECONDS] [--streams S] [--grpc]
//
// As bench_load, without a rate: each of the S streams of a connection asks again when it was
// answered. With --grpc requests and answers are one message each, and an answer ends with
// grpc-status 0 in its trailers.

#include <sys/prctl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "bench/tools/http2_link.h"
#include "bench/tools/load_options.h"
#include "bench/tools/sample_body.h"
#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

struct Call {
  std::int64_t due_ns = 0;  // 0: idle
  std::size_t sent = 0, matched = 0;
  bool is_200 = false;
  bool is_confirmed = false;  // by its trailers
  const char* problem = nullptr;
};

class Load;

struct Client {
  Load& load;
  std::vector<Call> calls;
  std::unique_ptr<Http2Link> link;
  bool waits_to_write = false;
};

std::string_view text(const std::uint8_t* bytes, std::size_t size) {
  return {static_cast<const char*>(static_cast<const void*>(bytes)), size};
}

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options),
        path_("/bench/" + std::to_string(options.answer_bytes)),
        upload_size_(std::to_string(options.upload_bytes)),
        expected_(body(options.answer_bytes)),
        upload_(body(options.upload_bytes)),
        input_(256 << 10, '\0'),
        callbacks_(new_http2_callbacks()) {
    nghttp2_session_callbacks_set_on_header_callback(callbacks_.get(), on_field);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks_.get(), on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks_.get(), on_close);
    for (std::size_t i = 0; i < options.connections; ++i) {
      clients_.push_back(
          std::make_unique<Client>(Client{*this, std::vector<Call>(options.streams), {}}));
    }
  }

  // Sends `requests` of them and returns when each was answered or given up.
  Outcome run(std::size_t requests) {
    outcome_ = {};
    requests_ = requests;
    begun_ = ended_ = 0;
    const std::int64_t start = now_ns(), patience = seconds(options_.patience_s);
    for (std::size_t i = 0; i < clients_.size(); ++i) ask(i);
    std::int64_t heard = now_ns();
    while (ended_ < requests) {
      const auto events = poller_.wait(heard + patience);
      for (const epoll_event& event : events) serve(event.data.u64, event.events);
      if (!events.empty()) {
        heard = now_ns();
      } else if (now_ns() >= heard + patience) {
        fail_what_is_left();
      }
    }
    outcome_.took_ns = now_ns() - start;
    return std::move(outcome_);
  }

 private:
  static std::int64_t seconds(std::size_t count) {
    return static_cast<std::int64_t>(count) * 1'000'000'000;
  }

  std::string body(std::size_t size) const {
    if (size == 0) return {};
    return options_.grpc ? sample_message(size) : sample_body(size);
  }

  void serve(std::size_t index, std::uint32_t events) {
    Client& client = *clients_[index];
    if (!client.link) return;  // ended by an earlier event of the same batch
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) != 0 && !client.link->read(input_)) {
      lose(client);
    }
    ask(index);
  }

  // Every idle stream begins another request, as long as there are any; all leave in one write.
  void ask(std::size_t index) {
    Client& client = *clients_[index];
    for (Call& call : client.calls) {
      if (call.due_ns != 0 || begun_ == requests_) continue;
      if (!client.link) connect(client, index);
      begin(client, call);
    }
    if (!client.link) return;
    if (!client.link->write()) return lose(client);
    if (client.link->waits_to_write() == client.waits_to_write) return;
    client.waits_to_write = !client.waits_to_write;
    poller_.change(client.link->fd(), client.waits_to_write ? EPOLLIN | EPOLLOUT : EPOLLIN, index);
  }

  void connect(Client& client, std::size_t index) {
    const int fd = connect_to_loopback(static_cast<std::uint16_t>(options_.port));
    if (fd < 0) give_up("can not connect");
    nghttp2_session* session = nullptr;
    nghttp2_session_client_new(&session, callbacks_.get(), &client);
    client.link = std::make_unique<Http2Link>(fd, session);
    client.waits_to_write = false;
    poller_.watch(fd, EPOLLIN, index);
  }

  void begin(Client& client, Call& call) {
    call = {.due_ns = now_ns()};
    outcome_.lateness.push_back(0);
    // Users by turns, but not in order: neighbours land in different arms.
    const std::string user = std::to_string(1'000'000 + begun_++ * 7919 % 1'000'000).substr(1);
    std::array<nghttp2_nv, 10> fields = {
        {http2_field(":method", upload_.empty() ? "GET" : "POST"), http2_field(":scheme", "http"),
         http2_field(":authority", "shop.test"), http2_field(":path", path_),
         http2_field("user-agent", options_.grpc ? "grpc-c++/1.51.1" : "curl/8.5.0"),
         http2_field("x-user-id", user)}};
    std::size_t count = 6;
    if (options_.grpc) {
      fields[count++] = http2_field("te", "trailers");
      fields[count++] = http2_field("content-type", "application/grpc");
      fields[count++] = http2_field("grpc-accept-encoding", "identity, deflate, gzip");
    } else if (!upload_.empty()) {
      fields[count++] = http2_field("content-type", "application/json");
      fields[count++] = http2_field("content-length", upload_size_);
    }
    const nghttp2_data_provider upload = {{.ptr = &call}, read_upload};
    nghttp2_submit_request(&client.link->session(), nullptr, fields.data(), count,
                           upload_.empty() ? nullptr : &upload, &call);
  }

  void end(Call& call, const char* problem) {
    if (problem != nullptr) {
      if (outcome_.errors++ == 0) outcome_.first_error = problem;
    } else {
      outcome_.latencies[{}].push_back(now_ns() - call.due_ns);
    }
    call.due_ns = 0;
    ++ended_;
  }

  void lose(Client& client) {
    for (Call& call : client.calls) {
      if (call.due_ns != 0) end(call, "the connection ended before the answer");
    }
    client.link.reset();
  }

  void fail_what_is_left() {
    outcome_.errors += requests_ - ended_;
    if (outcome_.first_error.empty()) outcome_.first_error = "no answer";
    ended_ = requests_;
  }

  const char* fault_of(const Call& call, std::uint32_t code) const {
    if (call.problem != nullptr) return call.problem;
    if (code != NGHTTP2_NO_ERROR) return nghttp2_http2_strerror(code);
    if (!call.is_200) return "another status";
    if (call.matched != expected_.size()) return "another length";
    if (options_.grpc && !call.is_confirmed) return "no grpc-status 0";
    return nullptr;
  }

  static Call* call_of(nghttp2_session* session, std::int32_t id) {
    return static_cast<Call*>(nghttp2_session_get_stream_user_data(session, id));
  }

  static ssize_t read_upload(nghttp2_session*, std::int32_t, std::uint8_t* buffer,
                             std::size_t size_max, std::uint32_t* flags,
                             nghttp2_data_source* source, void* user) {
    Call& call = *static_cast<Call*>(source->ptr);
    const std::string& upload = static_cast<Client*>(user)->load.upload_;
    const std::size_t size = std::min(size_max, upload.size() - call.sent);
    std::copy_n(upload.data() + call.sent, size, buffer);
    call.sent += size;
    if (call.sent == upload.size()) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return static_cast<ssize_t>(size);
  }

  static int on_field(nghttp2_session* session, const nghttp2_frame* frame,
                      const std::uint8_t* name, std::size_t name_size, const std::uint8_t* value,
                      std::size_t value_size, std::uint8_t, void*) {
    Call* call = call_of(session, frame->hd.stream_id);
    if (call == nullptr) return 0;
    const std::string_view field = text(name, name_size), content = text(value, value_size);
    if (field == ":status") call->is_200 = content == "200";
    const bool is_trailer = frame->headers.cat == NGHTTP2_HCAT_HEADERS;
    if (field == "grpc-status") call->is_confirmed = is_trailer && content == "0";
    return 0;
  }

  static int on_data(nghttp2_session* session, std::uint8_t, std::int32_t id,
                     const std::uint8_t* bytes, std::size_t size, void* user) {
    Call* call = call_of(session, id);
    if (call == nullptr) return 0;
    const std::string& expected = static_cast<Client*>(user)->load.expected_;
    if (size > expected.size() - call->matched) {
      call->problem = "bytes after the body";
    } else if (expected.compare(call->matched, size, text(bytes, size)) != 0) {
      call->problem = "another body";
    } else {
      call->matched += size;
    }
    return 0;
  }

  static int on_close(nghttp2_session* session, std::int32_t id, std::uint32_t code, void* user) {
    Call* call = call_of(session, id);
    Load& load = static_cast<Client*>(user)->load;
    if (call != nullptr) load.end(*call, load.fault_of(*call, code));
    return 0;
  }

  const LoadOptions options_;
  const std::string path_, upload_size_, expected_, upload_;
  std::string input_;
  Http2Callbacks callbacks_;
  Poller poller_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::size_t requests_ = 0, begun_ = 0, ended_ = 0;
  Outcome outcome_;
};

}  // namespace
}  // namespace banyan::bench

int main(int count, char** arguments) {
  using namespace banyan::bench;
  const LoadOptions options = read_load_options(count, arguments, LoadProtocol::kHttp2);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  Load load(options);
  return measure(load, options);
}
