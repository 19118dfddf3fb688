// The server behind every proxy that is measured: cheap, and the same for all.
//
//     bench_origin [--name N] [--shadows answer|hang|SECONDS]
//
//     GET or POST /bench/SIZE   200 with sample_body(SIZE), after the request's body was read
//     GET /counts               how much came so far, as JSON; does not count itself
//
// Prints its port, serves until stdin ends. --name adds X-Served-By. --shadows says what becomes of
// requests that carry Banyan's shadow marker: answered, never answered, or answered that much
// later.

#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/tools/origin_request.h"
#include "bench/tools/sample_body.h"
#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

constexpr std::size_t kReadSize = 256 << 10;
constexpr std::int64_t kNever = -1;

struct Options {
  std::string name;
  std::int64_t shadow_delay_ns = 0;  // or kNever
};

struct Connection {
  int fd = -1;
  std::uint64_t serial = 0;  // tells connections with the same descriptor apart
  std::string unread;        // the beginning of a head
  std::string unwritten;
  OriginRequest request;
  bool in_body = false, closing = false;
};

struct Delayed {
  std::int64_t due_ns;
  std::uint64_t serial;
  int fd;
};

struct Counts {
  unsigned long requests = 0, shadows = 0, body_bytes = 0, connections = 0, bad = 0;
};

class Origin {
 public:
  explicit Origin(Options options) : options_(std::move(options)), input_(kReadSize, '\0') {
    std::uint16_t port = 0;
    listener_ = listen_on_loopback(port);
    poller_.watch(listener_, EPOLLIN, tag(listener_));
    poller_.watch(STDIN_FILENO, EPOLLIN, tag(STDIN_FILENO));
    std::printf("%u\n", static_cast<unsigned>(port));
    std::fflush(stdout);
  }

  void run() {
    while (true) {
      for (const epoll_event& event :
           poller_.wait(delayed_.empty() ? -1 : delayed_.front().due_ns)) {
        const int fd = static_cast<int>(event.data.u64);
        if (fd == STDIN_FILENO) {
          if (char ignored[64]; read(fd, ignored, sizeof ignored) <= 0) return;
        } else if (fd == listener_) {
          accept_all();
        } else if (Connection* connection = find(fd)) {
          serve(*connection, event.events);
        }
      }
      answer_what_is_due();
    }
  }

 private:
  static std::uint64_t tag(int fd) { return static_cast<std::uint64_t>(fd); }

  Connection* find(int fd) {
    const auto index = static_cast<std::size_t>(fd);
    return index < connections_.size() ? connections_[index].get() : nullptr;
  }

  void accept_all() {
    while (true) {
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      prepare(fd);
      if (connections_.size() <= static_cast<std::size_t>(fd)) {
        connections_.resize(static_cast<std::size_t>(fd) + 1);
      }
      auto connection = std::make_unique<Connection>();
      connection->fd = fd;
      connection->serial = ++counts_.connections;
      connections_[static_cast<std::size_t>(fd)] = std::move(connection);
      poller_.watch(fd, EPOLLIN, tag(fd));
    }
  }

  void drop(Connection& connection) {
    close(connection.fd);
    connections_[static_cast<std::size_t>(connection.fd)].reset();
  }

  void serve(Connection& connection, std::uint32_t events) {
    if ((events & EPOLLOUT) != 0) flush(connection);
    if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) read_some(connection);
    if (connection.closing && connection.unwritten.empty()) drop(connection);
  }

  void read_some(Connection& connection) {
    const std::size_t kept = connection.unread.copy(input_.data(), connection.unread.size());
    const ssize_t got = recv(connection.fd, input_.data() + kept, input_.size() - kept, 0);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got <= 0) {
      connection.closing = true;
      connection.unwritten.clear();
      return;
    }
    std::string_view bytes(input_.data(), kept + static_cast<std::size_t>(got));
    while (!bytes.empty() && !connection.closing) {
      if (!(connection.in_body ? take_body(connection, bytes) : take_head(connection, bytes)))
        break;
    }
    connection.unread = bytes;
  }

  // Both return false where more bytes are needed.
  bool take_head(Connection& connection, std::string_view& bytes) {
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) {
      if (bytes.size() >= kReadSize / 2) refuse(connection);
      return false;
    }
    const std::string_view head = bytes.substr(0, end + 2);
    bytes.remove_prefix(end + 4);
    const std::optional<OriginRequest> request = read_origin_request(head);
    if (!request) {
      refuse(connection);
      return true;
    }
    connection.request = *request;
    connection.in_body = request->body_left > 0;
    if (!connection.in_body) arrived(connection);
    return true;
  }

  bool take_body(Connection& connection, std::string_view& bytes) {
    const std::size_t taken = std::min(bytes.size(), connection.request.body_left);
    bytes.remove_prefix(taken);
    connection.request.body_left -= taken;
    counts_.body_bytes += taken;
    if (connection.request.body_left == 0) {
      connection.in_body = false;
      arrived(connection);
    }
    return true;
  }

  void refuse(Connection& connection) {
    ++counts_.bad;
    connection.closing = true;
    send_all(connection,
             "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
  }

  void arrived(Connection& connection) {
    const OriginRequest& request = connection.request;
    if (request.wants_counts) return send_counts(connection);
    ++(request.is_shadow ? counts_.shadows : counts_.requests);
    if (!request.is_shadow || options_.shadow_delay_ns == 0) return answer(connection);
    if (options_.shadow_delay_ns == kNever) return;
    delayed_.push_back({now_ns() + options_.shadow_delay_ns, connection.serial, connection.fd});
  }

  void answer_what_is_due() {
    while (!delayed_.empty() && delayed_.front().due_ns <= now_ns()) {
      const Delayed due = delayed_.front();
      delayed_.pop_front();
      Connection* connection = find(due.fd);
      if (connection == nullptr || connection->serial != due.serial) continue;
      answer(*connection);
      if (connection->closing && connection->unwritten.empty()) drop(*connection);
    }
  }

  void answer(Connection& connection) {
    connection.closing = connection.closing || connection.request.closes;
    send_all(connection, prepared(connection.request.answer_bytes));
  }

  const std::string& prepared(std::size_t size) {
    std::string& text = answers_[size];
    if (text.empty()) {
      text =
          "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
          "Content-Type: application/json\r\nCache-Control: no-store\r\n";
      if (!options_.name.empty()) text += "X-Served-By: " + options_.name + "\r\n";
      text += "Content-Length: " + std::to_string(size) + "\r\n\r\n" + sample_body(size);
    }
    return text;
  }

  void send_counts(Connection& connection) {
    char body[256];
    const int size = std::snprintf(
        body, sizeof body,
        R"({"requests":%lu,"shadows":%lu,"body_bytes":%lu,"connections":%lu,"bad":%lu})",
        counts_.requests, counts_.shadows, counts_.body_bytes, counts_.connections, counts_.bad);
    send_all(connection, "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" +
                             std::string(body, static_cast<std::size_t>(size)));
  }

  void send_all(Connection& connection, std::string_view bytes) {
    std::size_t sent = 0;
    if (connection.unwritten.empty()) {
      const ssize_t done = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      sent = done < 0 ? 0 : static_cast<std::size_t>(done);
    }
    if (sent == bytes.size()) return;
    connection.unwritten += bytes.substr(sent);
    poller_.change(connection.fd, EPOLLIN | EPOLLOUT, tag(connection.fd));
  }

  void flush(Connection& connection) {
    std::string& bytes = connection.unwritten;
    const ssize_t done = send(connection.fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN) {
      connection.closing = true;
      bytes.clear();
      return;
    }
    if (done > 0) bytes.erase(0, static_cast<std::size_t>(done));
    if (bytes.empty()) poller_.change(connection.fd, EPOLLIN, tag(connection.fd));
  }

  Options options_;
  Poller poller_;
  int listener_ = -1;
  std::string input_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by descriptor
  std::map<std::size_t, std::string> answers_;            // whole, by the size of the body
  std::deque<Delayed> delayed_;
  Counts counts_;
};

Options read_options(int count, char** arguments) {
  Options options;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = arguments[i];
    const std::string value = i + 1 < count ? arguments[i + 1] : "";
    if (name == "--name" && !value.empty()) {
      options.name = value;
    } else if (name == "--shadows" && !value.empty()) {
      options.shadow_delay_ns = value == "answer" ? 0
                                : value == "hang"
                                    ? kNever
                                    : static_cast<std::int64_t>(std::atof(value.c_str()) * 1e9);
    } else {
      std::fprintf(stderr, "usage: bench_origin [--name N] [--shadows answer|hang|SECONDS]\n");
      std::exit(2);
    }
  }
  return options;
}

}  // namespace
}  // namespace banyan::bench

int main(int count, char** arguments) {
  prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
  banyan::bench::Origin(banyan::bench::read_options(count, arguments)).run();
}
