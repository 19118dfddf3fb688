#include "proxy/net/address.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <unistd.h>

namespace banyan::net {
namespace {

SocketAddress at(std::string_view host, std::uint16_t port = 80) {
  const Result<SocketAddress> address = SocketAddress::parse(host, port);
  EXPECT_TRUE(address) << host;
  return address ? *address : SocketAddress();
}

TEST(SocketAddress, OfAnIPv4LiteralTellsItsParts) {
  const SocketAddress a = at("127.0.0.1", 8080);
  EXPECT_EQ(a.host(), "127.0.0.1");
  EXPECT_EQ(a.port(), 8080);
  EXPECT_EQ(a.to_text(), "127.0.0.1:8080");
  EXPECT_EQ(a.get()->sa_family, AF_INET);
  EXPECT_EQ(a.size(), sizeof(sockaddr_in));
}

TEST(SocketAddress, OfAnIPv6LiteralIsInItsShortestFormAndInBrackets) {
  const SocketAddress a = at("2001:DB8:0:0::1", 443);
  EXPECT_EQ(a.host(), "2001:db8::1");
  EXPECT_EQ(a.to_text(), "[2001:db8::1]:443");
  EXPECT_EQ(a.size(), sizeof(sockaddr_in6));
}

TEST(SocketAddress, IsNotMadeOfANameOrHalfAnAddress) {
  for (const char* text : {"", "localhost", "127.1", "1.2.3.4.5", "[::1]", "::1%lo", "1.2.3.4 "}) {
    EXPECT_FALSE(SocketAddress::parse(text, 1)) << text;
  }
}

TEST(SocketAddress, ThatIsEmptyTellsNothing) {
  const SocketAddress a;
  EXPECT_EQ(a.host(), "");
  EXPECT_EQ(a.port(), 0);
  EXPECT_EQ(a.to_text(), "");
  EXPECT_EQ(SocketAddress::local_of(-1).to_text(), "");
}

TEST(SocketAddress, TakesAnotherPort) {
  EXPECT_EQ(at("10.0.0.1", 0).with_port(81).to_text(), "10.0.0.1:81");
  EXPECT_EQ(at("::1", 0).with_port(81).to_text(), "[::1]:81");
  EXPECT_EQ(SocketAddress().with_port(81).to_text(), "");
}

TEST(SocketAddress, OfTheSystemIsACopyAndOfNoOtherFamily) {
  const SocketAddress a = at("::1", 7);
  EXPECT_EQ(SocketAddress::of(a.get(), a.size()), a);
  sockaddr_storage other{};
  other.ss_family = AF_UNIX;
  EXPECT_EQ(SocketAddress::of(reinterpret_cast<sockaddr*>(&other), sizeof other).to_text(), "");
}

TEST(SocketAddress, AreOrderedByFamilyAddressAndPort) {
  const SocketAddress ordered[] = {at("1.2.3.4", 80), at("1.2.3.4", 81), at("1.2.3.5", 1),
                                   at("::1", 80), at("::2", 80)};
  for (std::size_t i = 0; i < std::size(ordered); ++i) {
    for (std::size_t j = 0; j < std::size(ordered); ++j) {
      EXPECT_EQ(ordered[i] < ordered[j], i < j) << i << ' ' << j;
      EXPECT_EQ(ordered[i] == ordered[j], i == j) << i << ' ' << j;
    }
  }
}

TEST(BindTcp, TellsThePortThatTheSystemChose) {
  const Result<int> fd = bind_tcp(at("127.0.0.1", 0), Sharing::nobody);
  ASSERT_TRUE(fd);
  const SocketAddress bound = SocketAddress::local_of(*fd);
  EXPECT_EQ(bound.host(), "127.0.0.1");
  EXPECT_NE(bound.port(), 0);
  const Result<int> second = bind_tcp(bound, Sharing::nobody);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find(bound.to_text()), std::string::npos);
  ::close(*fd);
}

TEST(BindTcp, MayBeSharedByWorkersOnly) {
  const Result<int> first = bind_tcp(at("127.0.0.1", 0), Sharing::workers);
  ASSERT_TRUE(first);
  const SocketAddress bound = SocketAddress::local_of(*first);
  const Result<int> second = bind_tcp(bound, Sharing::workers);
  ASSERT_TRUE(second);
  EXPECT_FALSE(bind_tcp(bound, Sharing::nobody));
  ::close(*first);
  ::close(*second);
}

}  // namespace
}  // namespace banyan::net
