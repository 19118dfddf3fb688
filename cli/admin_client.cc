#include "cli/admin_client.h"

#include <fmt/format.h>
#include <netdb.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <functional>
#include <memory>
#include <vector>

#include "config/scalar.h"
#include "proxy/codec/http1_client_codec.h"
#include "proxy/net/loop.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/unix_socket.h"

namespace banyan::cli {
namespace {

using Connect =
    std::function<std::unique_ptr<net::TcpTransport>(net::Loop&, net::TransportEvents&)>;

// One connection, one request, one answer.
class Asking final : private net::TransportEvents, private codec::ClientEvents {
 public:
  Asking(const Connect& connect, RequestHead head, std::string body)
      : head_(std::move(head)),
        body_(std::move(body)),
        transport_(connect(loop_, *this)),
        codec_(*this, *transport_, codec::HeadLimits{}),
        timer_(net::Timer::calling<&Asking::on_timeout>(loop_.timers(), this)) {}

  Result<AdminAnswer, std::string> wait() {
    timer_.set_in(kAnswerTimeout);
    loop_.run();
    if (!problem_.empty()) return tl::unexpected(problem_);
    return answer_;
  }
  // Where this is false nobody was asked anything.
  [[nodiscard]] bool connected() const { return connected_; }

 private:
  void on_connected() override {
    connected_ = true;
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
  bool connected_ = false;
  bool ended_ = false;
};

RequestHead head_of(const AdminQuestion& question, std::string authority) {
  RequestHead head;
  head.method = method_of(question.method);
  head.method_text = question.method;
  head.target = question.target;
  head.authority = std::move(authority);
  head.headers.add("x-banyan-who", question.who);
  if (!question.token.empty()) head.headers.add("authorization", "Bearer " + question.token);
  if (!question.body.empty()) {
    head.headers.add("content-type", "application/json");
    head.framing = Framing::content_length;
    head.content_length = question.body.size();
  }
  return head;
}

Result<AdminAnswer, std::string> ask_socket(const std::string& path,
                                            const AdminQuestion& question) {
  const auto fd = net::connect_unix(path);
  if (!fd) return tl::unexpected(fd.error().detail);
  const Connect connect = [&](net::Loop& loop, net::TransportEvents& events) {
    return net::TcpTransport::open(loop, Role::primary, *fd, events);
  };
  return Asking(connect, head_of(question, "localhost"), question.body).wait();
}

std::string authority_of(const AdminPlace& place) {
  const bool is_v6 = place.host.find(':') != std::string::npos;
  return fmt::format("{}:{}", is_v6 ? "[" + place.host + "]" : place.host, place.port);
}

Result<std::vector<std::string>, std::string> addresses_of(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int rc = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (rc != 0) return tl::unexpected(fmt::format("{}: {}", host, ::gai_strerror(rc)));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  std::vector<std::string> addresses;
  for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
    net::SocketAddress address;
    if (one->ai_addrlen > sizeof(sockaddr_storage)) continue;
    std::memcpy(static_cast<void*>(address.get()), one->ai_addr, one->ai_addrlen);
    if (std::string text = address.host(); !text.empty()) addresses.push_back(std::move(text));
  }
  if (addresses.empty()) return tl::unexpected(host + ": has no address");
  return addresses;
}

}  // namespace

Result<AdminPlace, std::string> admin_place_of(std::string_view url) {
  if (url.starts_with(config::kUnixScheme)) {
    const auto path = config::read_unix_path(url);
    if (!path) return tl::unexpected(fmt::format("{}: {}", url, path.error()));
    return AdminPlace{*path, {}, 0};
  }
  constexpr std::string_view kScheme = "http://";
  std::string_view authority = url.substr(std::min(url.size(), kScheme.size()));
  if (authority.ends_with('/')) authority.remove_suffix(1);
  const std::size_t colon = authority.rfind(':');
  if (!url.starts_with(kScheme) || colon == std::string_view::npos) {
    return tl::unexpected(fmt::format("{}: not of the form http://HOST:PORT or unix:PATH", url));
  }
  if (const auto address = config::read_address(authority)) {
    return AdminPlace{{}, address->host, address->port};
  }
  const auto host = config::read_host(authority.substr(0, colon));
  const auto port = config::read_count(authority.substr(colon + 1));
  if (!host) return tl::unexpected(fmt::format("{}: {}", url, host.error()));
  if (!port || *port > 65535) {
    return tl::unexpected(fmt::format("{}: a port must be from 0 to 65535", url));
  }
  return AdminPlace{{}, *host, static_cast<std::uint16_t>(*port)};
}

Result<AdminAnswer, std::string> ask_admin(const AdminPlace& place, const AdminQuestion& question) {
  if (!place.socket.empty()) return ask_socket(place.socket, question);
  const auto addresses = addresses_of(place.host);
  if (!addresses) return tl::unexpected(addresses.error());
  Result<AdminAnswer, std::string> answer = tl::unexpected(std::string("no address"));
  for (const std::string& address : *addresses) {
    const auto to = net::SocketAddress::parse(address, place.port);
    if (!to) return tl::unexpected(to.error().detail);
    const Connect connect = [&](net::Loop& loop, net::TransportEvents& events) {
      return net::TcpTransport::connect(loop, Role::primary, *to, events);
    };
    Asking asking(connect, head_of(question, authority_of(place)), question.body);
    answer = asking.wait();
    // A request that may have arrived is not made again somewhere else.
    if (answer || asking.connected()) break;
  }
  return answer;
}

Result<std::string, std::string> read_token(const std::string& file) {
  errno = 0;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);) {
    const std::size_t begin = line.find_first_not_of(" \t\r");
    if (begin == std::string::npos || line[begin] == '#') continue;
    const std::size_t end = line.find_first_of(" \t\r", begin);
    if (end == std::string::npos || line.find_first_not_of(" \t\r", end) == std::string::npos) {
      return line.substr(begin, end == std::string::npos ? end : end - begin);
    }
    return tl::unexpected(file + ": more than a token in its first line");
  }
  if (errno != 0) return tl::unexpected(file + ": " + std::strerror(errno));
  return tl::unexpected(file + ": no token in it");
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
