#include "cli/admin_client.h"

#include <fmt/format.h>

#include "config/scalar.h"
#include "proxy/codec/http1_client_codec.h"
#include "proxy/net/loop.h"
#include "proxy/net/tcp_transport.h"

namespace banyan::cli {
namespace {

// One connection, one request, one answer.
class Asking final : private net::TransportEvents, private codec::ClientEvents {
 public:
  Asking(const net::SocketAddress& to, RequestHead head, std::string body)
      : head_(std::move(head)),
        body_(std::move(body)),
        transport_(net::TcpTransport::connect(loop_, Role::primary, to, *this)),
        codec_(*this, *transport_, codec::HeadLimits{}),
        timer_(net::Timer::calling<&Asking::on_timeout>(loop_.timers(), this)) {}

  Result<AdminAnswer, std::string> wait() {
    timer_.set_in(kAnswerTimeout);
    loop_.run();
    if (!problem_.empty()) return tl::unexpected(problem_);
    return answer_;
  }

 private:
  void on_connected() override {
    const codec::StreamId stream = codec_.send_head(head_);
    if (!body_.empty()) codec_.send_body(stream, body_);
    codec_.send_end(stream);
  }
  void on_read(Bytes bytes) override { codec_.feed(bytes); }
  void on_read_end() override {
    codec_.feed_eof();
    end("the connection ended without an answer");
  }
  void on_transport_error(Error error) override { end(error.detail); }
  void on_informational(codec::StreamId, ResponseHead&) override {}
  void on_response(codec::StreamId, ResponseHead& head) override { answer_.status = head.status; }
  void on_response_body(codec::StreamId, Bytes bytes) override {
    answer_.body += bytes;
    if (answer_.body.size() > kAnswerBytesMax) end("the answer is too large");
  }
  void on_response_trailers(codec::StreamId, const Headers&) override {}
  void on_response_end(codec::StreamId) override { end(""); }
  void on_response_error(codec::StreamId, Error error) override {
    end(std::string(reason_of(error.code)) + " " + error.detail);
  }
  void on_timeout() { end("no answer in time"); }

  // The first one counts.
  void end(const std::string& problem) {
    if (ended_) return;
    ended_ = true;
    problem_ = problem;
    loop_.stop();
  }

  net::Loop loop_;
  const RequestHead head_;
  const std::string body_;
  std::unique_ptr<net::TcpTransport> transport_;
  codec::Http1ClientCodec codec_;
  net::Timer timer_;
  AdminAnswer answer_;
  std::string problem_;
  bool ended_ = false;
};

}  // namespace

Result<config::Address, std::string> admin_address_of(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) {
    return tl::unexpected(fmt::format("{}: not of the form http://HOST:PORT", url));
  }
  std::string_view authority = url.substr(kScheme.size());
  if (authority.ends_with('/')) authority.remove_suffix(1);
  auto address = config::read_address(authority);
  if (!address) return tl::unexpected(fmt::format("{}: {}", url, address.error()));
  return *address;
}

Result<AdminAnswer, std::string> ask_admin(const config::Address& address, std::string_view method,
                                           const std::string& target, const std::string& body,
                                           const std::string& who) {
  const auto to = net::SocketAddress::parse(address.host, address.port);
  if (!to) return tl::unexpected(to.error().detail);
  RequestHead head;
  head.method = method_of(method);
  head.method_text = method;
  head.target = target;
  head.authority = to->to_text();
  head.headers.add("x-banyan-who", who);
  if (!body.empty()) {
    head.headers.add("content-type", "application/json");
    head.framing = Framing::content_length;
    head.content_length = body.size();
  }
  return Asking(*to, std::move(head), body).wait();
}

std::string escaped_segment(std::string_view text) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return out;
}

}  // namespace banyan::cli
