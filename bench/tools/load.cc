// The clients of a measurement: a fixed number of requests, at a fixed rate, each answer checked.
//
//     bench_load --port P --requests N [--connections C] [--answer BYTES] [--upload BYTES]
//                [--warm-up N] [--patience SECONDS] [--rate R] [--new-connections] [--tls]
//
// Connects, sends the warm-up, prints "warm" and waits for a line on stdin. Then it sends N
// requests, prints what came of them as one line of JSON, and keeps the connections until stdin
// ends. With a rate it is an open loop: request i is due at i/R, whatever became of the earlier
// ones, and its latency counts from there, so that a proxy that stalls can not hide it. Without a
// rate every connection sends its next request when its last one was answered.

#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "bench/tools/answer_check.h"
#include "bench/tools/client_socket.h"
#include "bench/tools/load_options.h"
#include "bench/tools/sample_body.h"
#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

struct Client {
  ClientSocket socket;
  AnswerCheck check;
  std::string request;
  std::size_t sent = 0;
  std::int64_t due_ns = 0;
  bool waits_to_write = false;
};

class Load {
 public:
  explicit Load(const LoadOptions& options)
      : options_(options), expected_(sample_body(options.answer_bytes)), input_(256 << 10, '\0') {
    const std::string upload = options.upload_bytes > 0 ? sample_body(options.upload_bytes) : "";
    std::string request = options.upload_bytes > 0 ? "POST" : "GET";
    request += " /bench/" + std::to_string(options.answer_bytes) +
               " HTTP/1.1\r\nHost: shop.test\r\nx-user-id: ";
    user_at_ = request.size();
    request +=
        "000000\r\nUser-Agent: curl/8.5.0\r\nAccept: */*\r\n"
        "Accept-Encoding: gzip, deflate, br\r\nAccept-Language: en\r\n";
    if (options.new_connections) request += "Connection: close\r\n";
    if (options.upload_bytes > 0) {
      request += "Content-Type: application/json\r\nContent-Length: " +
                 std::to_string(options.upload_bytes) + "\r\n";
    }
    request += "\r\n" + upload;
    for (std::size_t i = 0; i < options.connections; ++i) {
      clients_.push_back({.socket = {}, .check = AnswerCheck(expected_), .request = request});
    }
    if (options.tls) tls_.emplace();
  }

  // Sends `requests` of them and returns when each was answered or given up.
  Outcome run(std::size_t requests) {
    const std::size_t rate = options_.rate;
    outcome_ = {};
    idle_.clear();
    for (std::size_t i = 0; i < clients_.size(); ++i) idle_.push_back(i);
    const std::int64_t start = now_ns();
    std::size_t begun = 0;
    ended_ = 0;
    std::int64_t heard = start;
    while (ended_ < requests) {
      const auto due = [&] {
        return rate == 0 ? now_ns()
                         : start + static_cast<std::int64_t>(begun * 1'000'000'000 / rate);
      };
      while (begun < requests && !idle_.empty() && due() <= now_ns()) begin(begun++, due());
      const std::int64_t give_up_at =
          heard + static_cast<std::int64_t>(options_.patience_s) * 1'000'000'000;
      const bool can_begin = begun < requests && !idle_.empty();
      const auto events = poller_.wait(can_begin ? std::min(due(), give_up_at) : give_up_at);
      for (const epoll_event& event : events) serve(clients_[event.data.u64], event.events);
      if (!events.empty() || can_begin) {
        heard = now_ns();
      } else if (now_ns() >= give_up_at) {
        fail_what_is_left(requests);
      }
    }
    outcome_.took_ns = now_ns() - start;
    return std::move(outcome_);
  }

 private:
  std::size_t index(const Client& client) const {
    return static_cast<std::size_t>(&client - clients_.data());
  }

  void begin(std::size_t number, std::int64_t due_ns) {
    Client& client = clients_[idle_.front()];
    idle_.pop_front();
    client.due_ns = due_ns;
    client.sent = 0;
    client.check.begin();
    name_user(client, number);
    if (options_.new_connections) client.socket.close();
    if (!client.socket.is_open() && !connect(client)) return end(client, "can not connect");
    outcome_.lateness.push_back(now_ns() - due_ns);
    send_rest(client);
  }

  // Users by turns, but not in order: neighbours land in different arms.
  void name_user(Client& client, std::size_t number) const {
    std::size_t user = number * 7919 % 1'000'000;
    for (std::size_t i = 6; i-- > 0; user /= 10) {
      client.request[user_at_ + i] = static_cast<char>('0' + user % 10);
    }
  }

  bool connect(Client& client) {
    const auto port = static_cast<std::uint16_t>(options_.port);
    if (!client.socket.connect(port, tls_ ? &*tls_ : nullptr)) return false;
    client.waits_to_write = false;
    poller_.watch(client.socket.fd(), EPOLLIN, index(client));
    return true;
  }

  void send_rest(Client& client) {
    const ssize_t done = client.socket.send(client.request.data() + client.sent,
                                            client.request.size() - client.sent);
    if (done < 0 && errno != EAGAIN) return end(client, std::strerror(errno));
    if (done > 0) client.sent += static_cast<std::size_t>(done);
    const bool waits = client.sent < client.request.size();
    if (waits != client.waits_to_write) {
      poller_.change(client.socket.fd(), waits ? EPOLLIN | EPOLLOUT : EPOLLIN, index(client));
      client.waits_to_write = waits;
    }
  }

  void serve(Client& client, std::uint32_t events) {
    if (!client.socket.is_open()) return;  // ended by an earlier event of the same batch
    if ((events & EPOLLOUT) != 0) {
      send_rest(client);
      if (!client.socket.is_open()) return;
    }
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0) return;
    const ssize_t got = client.socket.receive(input_.data(), input_.size());
    if (got < 0 && errno == EAGAIN) return;
    if (client.due_ns == 0) return client.socket.close();  // idle, and closed by the proxy
    if (got <= 0) return end(client, got == 0 ? "closed before its answer" : std::strerror(errno));
    const auto state = client.check.feed({input_.data(), static_cast<std::size_t>(got)});
    if (state == AnswerCheck::State::kWrong) return end(client, client.check.problem());
    if (state == AnswerCheck::State::kReading) return;
    outcome_.latencies[client.check.served_by()].push_back(now_ns() - client.due_ns);
    if (client.check.asks_to_close()) client.socket.close();
    end(client, {});
  }

  void end(Client& client, std::string_view error) {
    if (!error.empty()) {
      if (outcome_.errors++ == 0) outcome_.first_error = error;
      client.socket.close();
    }
    client.due_ns = 0;
    ++ended_;
    idle_.push_back(index(client));
  }

  void fail_what_is_left(std::size_t requests) {
    outcome_.errors += requests - ended_;
    if (outcome_.first_error.empty()) outcome_.first_error = "no answer";
    ended_ = requests;
  }

  LoadOptions options_;
  std::string expected_;
  std::string input_;
  std::size_t user_at_ = 0;
  Poller poller_;
  std::optional<ClientTls> tls_;
  std::vector<Client> clients_;
  std::deque<std::size_t> idle_;  // the one that waited longest sends next
  std::size_t ended_ = 0;
  Outcome outcome_;
};

}  // namespace
}  // namespace banyan::bench

int main(int count, char** arguments) {
  using namespace banyan::bench;
  const LoadOptions options = read_load_options(count, arguments, LoadProtocol::kHttp1);
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  Load load(options);
  return measure(load, options);
}
