// The PROXY protocol's header, as the specification of HAProxy (section 2) has it.
#include "proxy/codec/proxy_header.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/support/seed.h"

namespace banyan::codec {
namespace {

using Step = ProxyHeader::Step;

std::string bytes(std::initializer_list<int> values) {
  std::string made;
  for (const int v : values) made.push_back(static_cast<char>(v));
  return made;
}
// Version 2: what stands behind the signature and before `rest`.
std::string v2(int command, int family, const std::string& rest, int length = -1) {
  const int size = length < 0 ? static_cast<int>(rest.size()) : length;
  return bytes({0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 'Q', 'U', 'I', 'T', 0x0a}) +
         bytes({command, family, size >> 8, size & 0xff}) + rest;
}
const std::string kAddresses4 = bytes({192, 0, 2, 7, 10, 0, 0, 1, 0x12, 0x67, 0x1f, 0x90});
const std::string kAddresses6 =
    bytes({0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9}) + std::string(15, '\0') +
    bytes({1, 0x12, 0x67, 0x1f, 0x90});
std::string tlv(int type, const std::string& value) {
  const int size = static_cast<int>(value.size());
  return bytes({type, size >> 8, size & 0xff}) + value;
}

std::vector<std::pair<std::string, std::string>> good_headers() {
  return {
      {"PROXY TCP4 192.0.2.7 10.0.0.1 4711 8080\r\n", "192.0.2.7"},
      {"PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n", "255.255.255.255"},
      {"PROXY TCP4 192.0.2.7 10.0.0.1 0 0\r\n", "192.0.2.7"},
      {"PROXY TCP6 2001:db8::9 ::1 4711 8080\r\n", "2001:db8::9"},
      {"PROXY TCP6 2001:DB8:0:0:0:0:0:9 ::1 4711 8080\r\n", "2001:db8::9"},
      {"PROXY TCP6 ::ffff:192.0.2.7 ::1 4711 8080\r\n", "192.0.2.7"},
      {"PROXY UNKNOWN\r\n", ""},
      {"PROXY UNKNOWN ffff:f...f:ffff ffff:f...f:ffff 65535 65535\r\n", ""},
      {v2(0x21, 0x11, kAddresses4), "192.0.2.7"},
      {v2(0x21, 0x21, kAddresses6), "2001:db8::9"},
      {v2(0x21, 0x21,
          std::string(10, '\0') + bytes({0xff, 0xff, 192, 0, 2, 7}) + std::string(20, '\0')),
       "192.0.2.7"},
      {v2(0x21, 0x11, kAddresses4 + tlv(0x02, "shop.test") + tlv(0x04, "") + tlv(0xe0, "x")),
       "192.0.2.7"},
      {v2(0x21, 0x31, std::string(216, 'p')), ""},
      {v2(0x21, 0x31, std::string(216, 'p') + tlv(0x05, "id")), ""},
      {v2(0x21, 0x00, ""), ""},
      {v2(0x21, 0x00, "whatever"), ""},
      {v2(0x20, 0x00, ""), ""},
      {v2(0x20, 0x11, kAddresses4), ""},  // LOCAL: the connection's own address counts
      {v2(0x20, 0x77, "ab"), ""},
      {v2(0x21, 0x11,
          kAddresses4 + tlv(0x30, std::string(kProxyHeaderBytesMax - 16 - 12 - 3, 'x'))),
       "192.0.2.7"},
  };
}

TEST(ProxyHeader, SaysWhoseConnectionItIs) {
  for (const auto& [header, client] : good_headers()) {
    const ProxyHeader read = read_proxy_header(header + "GET / HTTP/1.1\r\n");
    ASSERT_EQ(read.step, Step::complete) << header << ": " << read.fault;
    EXPECT_EQ(read.client, client) << header;
    EXPECT_EQ(read.size, header.size()) << header;
  }
}

TEST(ProxyHeader, ComesByteByByte) {
  for (const auto& [header, client] : good_headers()) {
    for (std::size_t n = 0; n < header.size(); ++n) {
      EXPECT_EQ(read_proxy_header(header.substr(0, n)).step, Step::incomplete) << header << n;
    }
    EXPECT_EQ(read_proxy_header(header).client, client);
  }
}

TEST(ProxyHeader, WhatDoesNotFitToTheLetterIsRefused) {
  const std::string line = "PROXY TCP4 192.0.2.7 10.0.0.1 4711 8080";
  const std::vector<std::string> bad{
      "GET / HTTP/1.1\r\n",
      "POST / HTTP/1.1\r\n",  // agrees with "P"
      "PROXY\tTCP4 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "PROXY  TCP4 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "proxy TCP4 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "PROXY tcp4 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "PROXY TCP5 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "PROXY UDP4 192.0.2.7 10.0.0.1 4711 8080\r\n",
      "PROXY \r\n",
      "PROXY TCP4\r\n",
      "PROXY TCP4 192.0.2.7\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 4711 \r\n",
      line + " \r\n",
      line + " 1\r\n",
      line + "\n",
      line + "\r\r\n",
      line + "\r \n",
      " " + line + "\r\n",
      "PROXY TCP4 192.0.2.07 10.0.0.1 4711 8080\r\n",
      "PROXY TCP4 192.0.2 10.0.0.1 4711 8080\r\n",
      "PROXY TCP4 192.0.2.256 10.0.0.1 4711 8080\r\n",
      "PROXY TCP4 2001:db8::9 10.0.0.1 4711 8080\r\n",
      "PROXY TCP4 192.0.2.7 ::1 4711 8080\r\n",
      "PROXY TCP6 192.0.2.7 ::1 4711 8080\r\n",
      "PROXY TCP6 2001:db8::9%eth0 ::1 4711 8080\r\n",
      "PROXY TCP6 [2001:db8::9] ::1 4711 8080\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 04711 8080\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 65536 8080\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 -1 8080\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 +1 8080\r\n",
      "PROXY TCP4 192.0.2.7 10.0.0.1 http 8080\r\n",
      "PROXY TCP4 shop.test 10.0.0.1 4711 8080\r\n",
      std::string("PROXY TCP4 192.0.2.7\0 10.0.0.1 4711 8080\r\n", 43),
      "PROXY UNKNOWN\n",
      "PROXY UNKNOWNS\r\n",
      "PROXY UNKNOWN \x01\r\n",
      "PROXY UNKNOWN " + std::string(kProxyLineBytesMax, 'x'),
      "PROXY UNKNOWN " + std::string(kProxyLineBytesMax - 14 - 1, 'x') + "\r\n",
      v2(0x11, 0x11, kAddresses4),  // version 1 in version 2's form
      v2(0x31, 0x11, kAddresses4),  // version 3
      v2(0x22, 0x11, kAddresses4),  // no such command
      v2(0x21, 0x10, kAddresses4),  // no protocol
      v2(0x21, 0x12, kAddresses4),  // datagrams
      v2(0x21, 0x22, kAddresses6),
      v2(0x21, 0x32, std::string(216, 'p')),
      v2(0x21, 0x41, kAddresses4),  // no such family
      v2(0x21, 0x11, kAddresses4.substr(1)),
      v2(0x21, 0x11, ""),
      v2(0x21, 0x21, kAddresses6.substr(1)),
      v2(0x21, 0x31, std::string(215, 'p')),
      v2(0x21, 0x11, kAddresses4 + "\x02"),  // half a TLV
      v2(0x21, 0x11, kAddresses4 + bytes({0x02, 0})),
      v2(0x21, 0x11, kAddresses4 + bytes({0x02, 0, 2, 'x'})),  // longer than the header
      v2(0x21, 0x11, kAddresses4 + tlv(0x02, "a") + bytes({0x02, 0xff, 0xff})),
      v2(0x21, 0x11, kAddresses4, static_cast<int>(kProxyHeaderBytesMax) - 15),
      v2(0x20, 0x00, "", 0xffff),
      bytes({0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 'Q', 'U', 'I', 'T', 0x0d}),
      bytes({0x0d, 0x0a, 'G'}),
      bytes({0x16, 0x03, 0x01}),  // TLS
      bytes({0}),
  };
  for (const std::string& header : bad) {
    const ProxyHeader read = read_proxy_header(header);
    EXPECT_EQ(read.step, Step::refused) << testing::PrintToString(header);
    EXPECT_STRNE(read.fault, "");
  }
}

// Garbage, and good headers with bytes changed, left out and put in: what is said of a beginning
// never changes with what follows, and no more is taken than there is.
TEST(ProxyHeader, WhatWasSaidOfABeginningStaysTrue) {
  auto random = test::seeded_random();
  const auto headers = good_headers();
  for (int round = 0; round < 3'000; ++round) {
    std::string in = headers[random() % headers.size()].first.substr(0, 300);
    for (auto changes = random() % 4; changes > 0 && !in.empty(); --changes) {
      const std::size_t at = random() % in.size();
      switch (random() % 3) {
        case 0:
          in[at] = static_cast<char>(random());
          break;
        case 1:
          in.erase(at, 1 + random() % 3);
          break;
        default:
          in.insert(at, 1, "\r\n 0:"[random() % 5]);
      }
    }
    ProxyHeader before;
    for (std::size_t n = 0; n <= in.size(); ++n) {
      const std::string exact(in, 0, n);  // so that ASan sees a read behind it
      const ProxyHeader now = read_proxy_header(exact);
      if (before.step != Step::incomplete) {
        ASSERT_EQ(now.step, before.step) << testing::PrintToString(exact);
        ASSERT_EQ(now.size, before.size);
        ASSERT_EQ(now.client, before.client);
      }
      if (now.step == Step::complete) {
        ASSERT_LE(now.size, n);
        ASSERT_LE(now.size, kProxyHeaderBytesMax);
      }
      before = now;
    }
    ASSERT_TRUE(before.step != Step::incomplete || in.size() < kProxyHeaderBytesMax);
  }
}

}  // namespace
}  // namespace banyan::codec
