#include "proxy/control/admin_connection.h"

#include <utility>

namespace banyan::control {
namespace {

// What a client may send ahead of an answer.
constexpr std::size_t kUnreadBytesMax = 64 * 1024;
constexpr std::size_t kReadBytesMax = 16 * 1024;

ResponseHead head_of(const AdminResponse& response) {
  ResponseHead head;
  head.status = response.status;
  head.reason = status_title(response.status);
  head.framing = response.events ? Framing::chunked : Framing::content_length;
  head.content_length = response.body.size();
  if (response.status == 304) {  // RFC 9110 §15.4.5: it stands for an answer that has a body
    head.framing = Framing::none;
    head.content_length.reset();
  }
  head.headers.add("content-type", response.content_type);
  head.headers.add("cache-control", "no-store");
  head.headers.add("x-content-type-options", "nosniff");
  for (const auto& [name, value] : response.headers) head.headers.add(name, value);
  return head;
}

std::optional<std::string> text(std::optional<std::string_view> value) {
  if (!value) return std::nullopt;
  return std::string(*value);
}

}  // namespace

AdminConnection::AdminConnection(AdminServer& server, std::unique_ptr<net::TcpTransport> transport)
    : server_(server),
      transport_(std::move(transport)),
      codec_(*this, *transport_, codec::HeadLimits{}),
      timer_(net::Timer::calling<&AdminConnection::on_timeout>(server.loop_.timers(), this)),
      self_(std::make_shared<AdminConnection*>(this)) {
  timer_.set_in(server_.limits_.request_timeout);
  transport_->limit_reads(kReadBytesMax);
  transport_->start(*this);
}

AdminConnection::~AdminConnection() {
  if (listens_) server_.events_.remove(*listens_);
}

void AdminConnection::on_read(Bytes bytes) {
  // Who listens to events has asked its last question.
  if (stage_ > Stage::answering) return;
  // Counted from the first byte of a request to its end, however slowly it comes.
  if (stage_ == Stage::reading && !std::exchange(request_begun_, true)) {
    timer_.set_in(server_.limits_.request_timeout);
  }
  unread_ += bytes;
  pump();
}

// Feeds until the codec waits for an answer. Not from inside one of its events.
void AdminConnection::pump() {
  if (std::exchange(feeding_, true)) return;
  bool taken = true;
  // A client that does not read its answers gets no further ones.
  while (taken && stage_ == Stage::reading && !unread_.empty() && !crowded()) {
    const std::size_t consumed = codec_.feed(unread_);
    unread_.erase(0, consumed);
    taken = consumed > 0;
    if (stage_ == Stage::answering) ask();
  }
  feeding_ = false;
  if (unread_.size() > kUnreadBytesMax || crowded()) {
    transport_->pause_reading();
  } else {
    transport_->resume_reading();
  }
  if (crowded()) return pump_later();
  if (peer_closed_ && stage_ == Stage::reading) done();
}

// Once this iteration has written: where it could not write all, on_writable() goes on.
void AdminConnection::pump_later() {
  const std::weak_ptr<AdminConnection*> self = self_;
  server_.loop_.post([self] {
    const auto alive = self.lock();
    if (alive && !(*alive)->crowded()) (*alive)->pump();
  });
}

bool AdminConnection::crowded() const {
  return transport_->backlog() > net::Transport::kBacklogHigh;
}

void AdminConnection::on_writable() { pump(); }

void AdminConnection::on_read_end() {
  peer_closed_ = true;
  if (stage_ != Stage::answering) done();
}

void AdminConnection::on_transport_error(Error) { done(); }

void AdminConnection::on_request(codec::StreamId stream, RequestHead& head) {
  request_ = {};
  request_.door = server_.door_;
  request_.method = head.method_text;
  request_.target = head.target;
  request_.authority = head.authority;
  request_.origin = text(head.headers.find("origin"));
  request_.if_match = text(head.headers.find("if-match"));
  request_.if_none_match = text(head.headers.find("if-none-match"));
  request_.authorization = text(head.headers.find("authorization"));
  request_.who = text(head.headers.find("x-banyan-who")).value_or("");
  request_.peer = transport_->peer();
  if (head.expect_continue && head.has_body()) {
    ResponseHead go_on;
    go_on.status = 100;
    codec_.send_informational(stream, go_on);
  }
}

void AdminConnection::on_request_body(codec::StreamId stream, Bytes bytes) {
  if (stage_ != Stage::reading) return;
  if (request_.body.size() + bytes.size() <= kAdminBodyBytesMax) {
    request_.body += bytes;
    return;
  }
  answer(stream, problem(413, "the body is too large"));
}

// Asked once the codec is done: with an answer at hand it would take the next request at once, and
// a client that reads nothing would get all that it asked for.
void AdminConnection::on_request_end(codec::StreamId stream) {
  if (stage_ != Stage::reading) return;
  stage_ = Stage::answering;
  stream_ = stream;
}

void AdminConnection::ask() {
  timer_.cancel();
  const std::weak_ptr<AdminConnection*> self = self_;
  server_.api_.answer(request_, [self, stream = stream_](const AdminResponse& response) {
    if (const auto alive = self.lock()) (*alive)->answer(stream, response);
  });
}

void AdminConnection::on_request_error(codec::StreamId stream, const RequestHead&, Error error) {
  if (stage_ != Stage::reading) return;
  const int status = status_of(error.code);
  if (status == 0) return done();
  answer(stream, problem(status, std::string(reason_of(error.code))));
  if (stage_ != Stage::done) linger();
}

void AdminConnection::answer(codec::StreamId stream, const AdminResponse& response) {
  if (stage_ > Stage::answering) return;
  codec_.send_head(stream, head_of(response));
  stream_ = stream;
  if (response.events) return stream_events();
  if (!response.body.empty()) send_copy(response.body);
  codec_.send_end(stream);
  if (codec_.must_close() || (peer_closed_ && unread_.empty())) return linger();
  stage_ = Stage::reading;
  request_begun_ = !unread_.empty();
  timer_.set_in(request_begun_ ? server_.limits_.request_timeout : server_.limits_.idle_timeout);
  pump();
}

// The codec may hand it on as borrowed: it has to live until this iteration has written.
void AdminConnection::send_copy(Bytes bytes) {
  auto held = std::make_unique<net::HeldBytes>(std::string(bytes));
  codec_.send_body(stream_, held->bytes());
  server_.loop_.defer_delete(std::move(held));
}

void AdminConnection::stream_events() {
  stage_ = Stage::streaming;
  unread_.clear();
  listens_ = server_.events_.add([this](std::string_view text) { return send_event(text); });
  if (!listens_ || peer_closed_) return done();
  timer_.set_in(server_.limits_.event_pause);
  send_copy(": listening\n\n");
}

bool AdminConnection::send_event(std::string_view text) {
  if (transport_->backlog() + text.size() <= server_.limits_.event_backlog) {
    send_copy(text);
    return true;
  }
  listens_.reset();
  // Not from inside of whoever publishes.
  const std::weak_ptr<AdminConnection*> self = self_;
  server_.loop_.post([self] {
    if (const auto alive = self.lock()) (*alive)->done();
  });
  return false;
}

void AdminConnection::linger() {
  if (stage_ == Stage::lingering || stage_ == Stage::done) return;
  stage_ = Stage::lingering;
  unread_.clear();
  transport_->finish();
  transport_->resume_reading();
  timer_.set_in(server_.limits_.linger);
}

void AdminConnection::on_timeout() {
  if (stage_ != Stage::streaming) return done();
  // Finds out whether anybody is still there.
  if (transport_->backlog() == 0) send_copy(":\n\n");
  timer_.set_in(server_.limits_.event_pause);
}

void AdminConnection::done() {
  if (std::exchange(stage_, Stage::done) == Stage::done) return;
  timer_.cancel();
  self_.reset();
  if (listens_) server_.events_.remove(*std::exchange(listens_, std::nullopt));
  server_.done(*this);
}

}  // namespace banyan::control
