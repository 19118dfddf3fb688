// tests/support/dns_server.h: a DNS server on loopback, told by a test what to say.
//
// Real UDP and TCP sockets on one port, without a thread: serve() answers what has arrived, so a
// test calls it in the condition it waits for.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/scripted_peer.h"

namespace banyan::test {

// What is said of one name.
struct DnsRecords {
  enum class How : std::uint8_t { answer, silence, garbage, truncated_then_tcp, wrong_id };
  std::vector<std::string> v4;
  std::vector<std::string> v6 = {};
  std::uint32_t ttl = 60;
  int rcode = 0;  // 2 SERVFAIL, 3 NXDOMAIN
  How how = How::answer;
};

class DnsServer {
 public:
  static constexpr int kServerFailed = 2;
  static constexpr int kNoSuchName = 3;

  DnsServer() {
    bool both = false;
    for (int i = 0; i < 20 && !both; ++i) {  // a port that is free for both
      tcp_ = std::make_unique<Listening>();
      const sockaddr_in at = loopback(tcp_->port());
      udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      both = ::bind(udp_, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
      if (!both) ::close(udp_);
    }
    EXPECT_TRUE(both);
  }
  ~DnsServer() { ::close(udp_); }
  DnsServer(const DnsServer&) = delete;
  DnsServer& operator=(const DnsServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return tcp_->port(); }
  // By name, in lower case and without a dot at its end. What is not there does not exist.
  std::map<std::string, DnsRecords> zone;
  int questions = 0;         // over both
  int questions_by_tcp = 0;  // of these

  void serve() {
    std::array<char, 2048> query;
    sockaddr_in from{};
    for (;;) {
      socklen_t size = sizeof from;
      const ssize_t n = ::recvfrom(udp_, query.data(), query.size(), 0,
                                   reinterpret_cast<sockaddr*>(&from), &size);
      if (n <= 0) break;
      const std::string said = reply({query.data(), static_cast<std::size_t>(n)}, false);
      if (said.empty()) continue;
      ::sendto(udp_, said.data(), said.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
    while (auto peer = tcp_->accept()) peers_.push_back(std::move(peer));
    for (auto& peer : peers_) {
      const std::string got = peer->take();
      std::string_view left = got;
      while (left.size() > 2 && left.size() >= 2 + number(left, 0)) {
        const std::size_t size = number(left, 0);
        ++questions_by_tcp;
        const std::string said = reply(left.substr(2, size), true);
        peer->send(word(said.size()) + said);
        left.remove_prefix(2 + size);
      }
    }
  }

 private:
  static std::size_t number(std::string_view bytes, std::size_t at) {
    return std::size_t{static_cast<unsigned char>(bytes[at])} << 8U |
           static_cast<unsigned char>(bytes[at + 1]);
  }
  static std::string word(std::size_t n) {
    return {static_cast<char>(n >> 8U & 0xffU), static_cast<char>(n & 0xffU)};
  }
  static std::string record(int type, std::uint32_t ttl, const std::string& text) {
    std::array<char, 16> ip{};
    const int family = type == 1 ? AF_INET : AF_INET6;
    EXPECT_EQ(::inet_pton(family, text.c_str(), ip.data()), 1) << text;
    const std::size_t length = type == 1 ? 4 : 16;
    return "\xc0\x0c" + word(static_cast<std::size_t>(type)) + word(1) + word(ttl >> 16U) +
           word(ttl & 0xffffU) + word(length) + std::string(ip.data(), length);
  }

  std::string reply(std::string_view query, bool by_tcp) {
    ++questions;
    std::string name;
    std::size_t at = 12;
    while (at < query.size() && query[at] != '\0') {
      const auto label = static_cast<std::size_t>(query[at]);
      if (!name.empty()) name += '.';
      name += query.substr(at + 1, label);
      at += label + 1;
    }
    const std::size_t type = number(query, at + 1);
    const std::string question(query.substr(12, at + 5 - 12));
    const auto known = zone.find(name);
    const DnsRecords records =
        known != zone.end() ? known->second : DnsRecords{.v4 = {}, .rcode = kNoSuchName};
    using How = DnsRecords::How;
    if (records.how == How::silence) return {};
    if (records.how == How::garbage) return "\x01\x02 this is no DNS";
    const bool truncated = records.how == How::truncated_then_tcp && !by_tcp;
    std::string answers;
    std::size_t count = 0;
    for (const std::string& ip : type == 1 ? records.v4 : records.v6) {
      if (truncated) break;
      answers += record(static_cast<int>(type), records.ttl, ip);
      ++count;
    }
    const std::size_t id = number(query, 0) ^ (records.how == How::wrong_id ? 1U : 0U);
    const auto flags = 0x8180U | (truncated ? 0x0200U : 0U) | static_cast<unsigned>(records.rcode);
    return word(id) + word(flags) + word(1) + word(count) + word(0) + word(0) + question + answers;
  }

  int udp_ = -1;
  std::unique_ptr<Listening> tcp_;
  std::vector<std::unique_ptr<Peer>> peers_;
};

}  // namespace banyan::test
