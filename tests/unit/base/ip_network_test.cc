#include "base/ip_network.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "tests/support/allocation_count.h"
#include "tests/support/seed.h"

namespace banyan {
namespace {

// What the operating system makes of it.
std::optional<std::array<std::uint8_t, 16>> by_the_system(const std::string& text) {
  std::array<std::uint8_t, 16> bytes{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (inet_pton(AF_INET, text.c_str(), bytes.data() + 12) == 1) return bytes;
  if (inet_pton(AF_INET6, text.c_str(), bytes.data()) == 1) return bytes;
  return std::nullopt;
}

TEST(IpAddress, IsReadAsTheSystemReadsIt) {
  for (const char* text :
       {"0.0.0.0", "127.0.0.1", "255.255.255.255", "10.20.30.40", "::", "::1", "1::", "fe80::1",
        "2001:db8::1:0:0:1", "2001:DB8:0:0:0:0:0:1", "1:2:3:4:5:6:7:8", "::2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::", "::ffff:10.0.0.1", "64:ff9b::192.0.2.33", "1:2:3:4:5:6:1.2.3.4"}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->bytes(), by_the_system(text)) << text;
  }
}

TEST(IpAddress, RefusesWhatIsNone) {
  for (const std::string text : {"",
                                 " ",
                                 "1",
                                 "1.2.3",
                                 "1.2.3.4.5",
                                 "1.2.3.4 ",
                                 " 1.2.3.4",
                                 "1.2.3.256",
                                 "01.2.3.4",
                                 "1.2.3.04",
                                 "1.2..4",
                                 "1.2.3.",
                                 ".1.2.3",
                                 "0x1.2.3.4",
                                 "-1.2.3.4",
                                 "+1.2.3.4",
                                 "1.2.3.a",
                                 "localhost",
                                 "10.0.0.1:80",
                                 "[::1]",
                                 ":",
                                 ":::",
                                 "1:",
                                 ":1",
                                 "1::2::3",
                                 "12345::",
                                 "1:2:3:4:5:6:7",
                                 "1:2:3:4:5:6:7:8:9",
                                 "1:2:3:4:5:6:7:8:",
                                 "1:2:3:4::5:6:7:8",
                                 "::g",
                                 "fe80::1%eth0",
                                 "1:2:3:4:5:6:7:1.2.3.4",
                                 "::1.2.3",
                                 "1.2.3.4::",
                                 "::1.2.3.4:5",
                                 "::-1"}) {
    EXPECT_FALSE(IpAddress::parse(text)) << text;
  }
  EXPECT_FALSE(IpAddress::parse(std::string_view("1.2.3.4\0", 8)));
}

TEST(IpAddress, AgreesWithTheSystemOnWhateverIsMadeOfItsCharacters) {
  auto random = test::seeded_random();
  constexpr std::string_view kPieces[] = {":", "::", ".",  "0",    "1",       "255",
                                          "f", "ab", "09", "abcd", "10.0.0.1"};
  int good = 0;
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    for (std::uint64_t n = random() % 15 + 1; n > 0; --n) text += kPieces[random() % 11];
    const auto address = IpAddress::parse(text);
    const auto expected = by_the_system(text);
    ASSERT_EQ(address.has_value(), expected.has_value()) << text;
    if (!address) continue;
    ASSERT_EQ(address->bytes(), *expected) << text;
    ++good;
  }
  EXPECT_GT(good, 100);
}

TEST(IpAddress, MappedIsTheIpv4Address) {
  EXPECT_EQ(IpAddress::parse("::ffff:10.0.0.1"), IpAddress::parse("10.0.0.1"));
  EXPECT_TRUE(IpAddress::parse("::ffff:a00:1")->is_v4());
  EXPECT_FALSE(IpAddress::parse("::10.0.0.1")->is_v4());
}

TEST(IpAddress, CostsNoAllocation) {
  EXPECT_EQ(test::allocations_of([] {
              EXPECT_TRUE(IpAddress::parse("2001:db8:ffff:ffff:ffff:ffff:255.255.255.255"));
            }),
            0U);
}

struct Membership {
  const char* network;
  const char* address;
  bool inside;
};

class Contains : public testing::TestWithParam<Membership> {};

TEST_P(Contains, IsByTheBitsInFront) {
  IpNetwork network;
  ASSERT_EQ(IpNetwork::parse(GetParam().network, network), std::nullopt);
  EXPECT_EQ(network.contains(*IpAddress::parse(GetParam().address)), GetParam().inside)
      << GetParam().network << " " << GetParam().address;
}

INSTANTIATE_TEST_SUITE_P(
    Networks, Contains,
    testing::Values(
        Membership{"10.0.0.0/8", "10.0.0.0", true},
        Membership{"10.0.0.0/8", "10.255.255.255", true},
        Membership{"10.0.0.0/8", "11.0.0.0", false},
        Membership{"10.0.0.0/8", "9.255.255.255", false},
        Membership{"10.0.0.0/8", "::ffff:10.1.2.3", true}, Membership{"10.0.0.0/8", "a00::", false},
        Membership{"172.16.0.0/12", "172.31.255.255", true},
        Membership{"172.16.0.0/12", "172.32.0.0", false},
        Membership{"192.0.2.128/25", "192.0.2.128", true},
        Membership{"192.0.2.128/25", "192.0.2.127", false},
        Membership{"192.0.2.7", "192.0.2.7", true}, Membership{"192.0.2.7", "192.0.2.6", false},
        Membership{"192.0.2.7/32", "192.0.2.7", true}, Membership{"0.0.0.0/0", "255.1.2.3", true},
        Membership{"0.0.0.0/0", "::1", false}, Membership{"0.0.0.0/1", "128.0.0.0", false},
        Membership{"::/0", "2001:db8::1", true}, Membership{"::/0", "10.0.0.1", false},
        Membership{"::ffff:0:0/96", "10.0.0.1", true},
        Membership{"::ffff:10.0.0.0/104", "10.9.9.9", true},
        Membership{"::ffff:10.0.0.0/104", "11.0.0.0", false},
        Membership{"2001:db8::/33", "2001:db8:7fff::1", true},
        Membership{"2001:db8::/33", "2001:db8:8000::", false}, Membership{"::1", "::1", true},
        Membership{"::1/128", "::2", false}));

TEST(IpNetwork, SaysWhatIsWrong) {
  using Fault = IpNetwork::Fault;
  struct Case {
    const char* text;
    Fault fault;
  };
  for (const Case& c :
       {Case{"", Fault::not_an_address}, Case{"/8", Fault::not_an_address},
        Case{"10.0.0/8", Fault::not_an_address}, Case{"localhost", Fault::not_an_address},
        Case{"10.0.0.0/", Fault::not_a_length}, Case{"10.0.0.0/33", Fault::not_a_length},
        Case{"10.0.0.0/08", Fault::not_a_length}, Case{"10.0.0.0/-1", Fault::not_a_length},
        Case{"10.0.0.0/255.0.0.0", Fault::not_a_length}, Case{"10.0.0.0/8/8", Fault::not_a_length},
        Case{"::/129", Fault::not_a_length}, Case{"10.0.0.1/8", Fault::bits_behind},
        Case{"10.0.0.128/24", Fault::bits_behind}, Case{"::ffff:0:0/95", Fault::bits_behind},
        Case{"::1/127", Fault::bits_behind}}) {
    IpNetwork network;
    EXPECT_EQ(IpNetwork::parse(c.text, network), c.fault) << c.text;
    EXPECT_EQ(network, IpNetwork()) << c.text;
  }
}

TEST(IpNetwork, AnyOfSeveral) {
  std::vector<IpNetwork> networks(2);
  ASSERT_FALSE(IpNetwork::parse("10.0.0.0/8", networks[0]));
  ASSERT_FALSE(IpNetwork::parse("::1", networks[1]));
  EXPECT_TRUE(any_contains(networks, *IpAddress::parse("10.1.1.1")));
  EXPECT_TRUE(any_contains(networks, *IpAddress::parse("::1")));
  EXPECT_FALSE(any_contains(networks, *IpAddress::parse("11.1.1.1")));
  EXPECT_FALSE(any_contains({}, *IpAddress::parse("11.1.1.1")));
}

}  // namespace
}  // namespace banyan
