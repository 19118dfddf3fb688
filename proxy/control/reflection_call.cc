#include "proxy/control/reflection_call.h"

#include <fmt/format.h>

#include <utility>

#include "proxy/control/version.h"
#include "shadow/printable.h"

namespace banyan::control {
namespace {

constexpr std::string_view kService = "grpc.reflection.v1.ServerReflection";
constexpr std::string_view kOlderService = "grpc.reflection.v1alpha.ServerReflection";
constexpr std::string_view kUnimplemented = "12";
constexpr std::size_t kAnswerBytesMax = shadow::ReflectionDialog::kBytesMax + 64 * 1024;
constexpr std::size_t kPrefixBytes = 5;  // of a message: not compressed, and its length

std::uint32_t length_in(std::string_view prefix) {
  std::uint32_t length = 0;
  for (const char byte : prefix.substr(1, kPrefixBytes - 1)) {
    length = length << 8U | static_cast<unsigned char>(byte);
  }
  return length;
}

std::string framed(std::string_view message) {
  std::string frame(1, '\0');
  for (unsigned shift = 32; shift > 0; shift -= 8) {
    frame.push_back(static_cast<char>(message.size() >> (shift - 8)));
  }
  return frame.append(message);
}

RequestHead head_for(std::string_view service, const std::string& authority) {
  RequestHead head;
  head.method = Method::post;
  head.method_text = "POST";
  head.target = fmt::format("/{}/ServerReflectionInfo", service);
  head.authority = authority;
  head.framing = Framing::chunked;
  head.headers.add("content-type", "application/grpc");
  head.headers.add("te", "trailers");
  head.headers.add("user-agent", fmt::format("banyan/{}", kVersion));
  return head;
}

}  // namespace

ReflectionCall::ReflectionCall(Owner& owner, upstream::Cluster& cluster, std::string authority)
    : owner_(owner),
      cluster_(cluster),
      authority_(std::move(authority)),
      timer_(net::Timer::calling<&ReflectionCall::on_timer>(cluster.loop().timers(), this)) {}

void ReflectionCall::start() {
  const config::Upstream& server = cluster_.settings().upstream;
  if (server.tls && cluster_.settings().tls == nullptr) {
    return fail("no certificates to believe in");  // never in the clear
  }
  if (cluster_.endpoints().empty()) return fail("its name is not known");
  timer_.set_in(kReflectionTimeout);
  ask(kService);
}

void ReflectionCall::abandon() {
  timer_.cancel();
  lease_.reset();
}

void ReflectionCall::ask(std::string_view service) {
  head_ = head_for(service, authority_);
  status_.clear();
  received_.clear();
  auto leased = cluster_.lane(Role::primary).lease(*this, {});
  if (!leased) return fail(leased.error().detail);
  lease_ = std::move(*leased);
  if (lease_->ready()) on_stream_ready();
}

void ReflectionCall::on_stream_ready() {
  lease_->send_head(head_);
  send_question();
}

void ReflectionCall::send_question() {
  auto frame = std::make_unique<net::HeldBytes>(framed(dialog_.request()));
  const Bytes bytes = frame->bytes();
  cluster_.loop().defer_delete(std::move(frame));
  lease_->send_body(bytes);
}

void ReflectionCall::on_stream_response(ResponseHead& head) {
  constexpr int kOk = 200, kNotFound = 404;
  if (head.status != kOk && head.status != kNotFound) {
    return fail(fmt::format("status {}", head.status));
  }
  take_status(head.headers);
  if (head.status == kNotFound) status_ = kUnimplemented;
}

void ReflectionCall::on_stream_body(Bytes bytes) {
  if (status_ == kUnimplemented) return;  // a page that says so
  received_.append(bytes);
  while (lease_ != nullptr && received_.size() >= kPrefixBytes) {
    if (received_[0] != 0) return fail("a compressed answer, which nobody asked for");
    const std::size_t length = length_in(received_);
    if (length > kAnswerBytesMax) return fail("an answer that is too large");
    if (received_.size() < kPrefixBytes + length) return;
    const std::string message = received_.substr(kPrefixBytes, length);
    received_.erase(0, kPrefixBytes + length);
    take_message(message);
  }
}

void ReflectionCall::take_message(std::string_view message) {
  if (asked_all_) return fail("an answer that nobody asked for");
  dialog_.take(message);
  if (!dialog_.problem().empty()) return fail(dialog_.problem());
  if (!dialog_.is_over()) return send_question();
  asked_all_ = true;
  lease_->send_end();  // the server ends it then
}

void ReflectionCall::take_status(const Headers& fields) {
  if (const auto status = fields.find(HeaderId::grpc_status)) status_ = *status;
}

void ReflectionCall::on_stream_end() {
  if (asked_all_) return finish();
  if (status_ == kUnimplemented && !std::exchange(is_older_, true)) {
    lease_.reset();
    return ask(kOlderService);
  }
  if (status_.empty()) return fail("it ended without a grpc-status");
  fail(status_ == kUnimplemented ? "it has no server reflection"
                                 : fmt::format("grpc-status {}", shadow::printable(status_)));
}

void ReflectionCall::on_stream_error(Error error) {
  if (asked_all_) return finish();
  fail(fmt::format("{}: {}", reason_of(error.code), error.detail));
}

void ReflectionCall::on_timer() { asked_all_ ? finish() : fail("no answer in time"); }

void ReflectionCall::finish() {
  abandon();
  owner_.on_described(*this, dialog_);
}

void ReflectionCall::fail(const std::string& why) {
  abandon();
  owner_.on_undescribed(*this, why);
}

}  // namespace banyan::control
