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
  head.framing = Framing::content_length;
  head.content_length = response.body.size();
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
  timer_.set_in(kAdminRequestTimeout);
  transport_->limit_reads(kReadBytesMax);
  transport_->start(*this);
}

void AdminConnection::on_read(Bytes bytes) {
  if (stage_ == Stage::lingering || stage_ == Stage::done) return;
  // Counted from the first byte of a request to its end, however slowly it comes.
  if (stage_ == Stage::reading && !std::exchange(request_begun_, true)) {
    timer_.set_in(kAdminRequestTimeout);
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
  if (stage_ == Stage::reading || stage_ == Stage::lingering) done();
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

void AdminConnection::on_request_end(codec::StreamId stream) {
  if (stage_ == Stage::reading) ask(stream);
}

void AdminConnection::ask(codec::StreamId stream) {
  stage_ = Stage::answering;
  timer_.cancel();
  const std::weak_ptr<AdminConnection*> self = self_;
  server_.api_.answer(request_, [self, stream](const AdminResponse& response) {
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
  if (stage_ == Stage::lingering || stage_ == Stage::done) return;
  codec_.send_head(stream, head_of(response));
  if (!response.body.empty()) {
    // The codec may hand it on as borrowed: it has to live until this iteration has written.
    auto body = std::make_unique<net::HeldBytes>(response.body);
    codec_.send_body(stream, body->bytes());
    server_.loop_.defer_delete(std::move(body));
  }
  codec_.send_end(stream);
  if (codec_.must_close() || (peer_closed_ && unread_.empty())) return linger();
  stage_ = Stage::reading;
  request_begun_ = !unread_.empty();
  timer_.set_in(request_begun_ ? kAdminRequestTimeout : kAdminIdleTimeout);
  pump();
}

void AdminConnection::linger() {
  if (stage_ == Stage::lingering || stage_ == Stage::done) return;
  stage_ = Stage::lingering;
  unread_.clear();
  transport_->finish();
  transport_->resume_reading();
  timer_.set_in(kAdminLinger);
}

void AdminConnection::on_timeout() { done(); }

void AdminConnection::done() {
  if (std::exchange(stage_, Stage::done) == Stage::done) return;
  timer_.cancel();
  self_.reset();
  server_.done(*this);
}

}  // namespace banyan::control
