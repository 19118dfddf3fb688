#include "proxy/exchange/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/support/allocation_count.h"

namespace banyan::exchange {
namespace {

std::vector<IpNetwork> networks(std::initializer_list<const char*> texts) {
  std::vector<IpNetwork> all;
  for (const char* text : texts) {
    EXPECT_EQ(IpNetwork::parse(text, all.emplace_back()), std::nullopt) << text;
  }
  return all;
}

const std::vector<IpNetwork> kTrusted = networks({"10.0.0.0/8", "2001:db8::/32"});

Headers lines(std::initializer_list<const char*> values) {
  Headers headers;
  for (const char* value : values) headers.add("X-Forwarded-For", value);
  return headers;
}

std::string client(std::initializer_list<const char*> values, std::string_view peer = "10.0.0.1") {
  const Headers headers = lines(values);
  return std::string(client_of(headers, peer, kTrusted).address);
}

TEST(ClientAddress, IsThePeerWhereNobodyIsTrusted) {
  const Headers headers = lines({"192.0.2.1"});
  const Client c = client_of(headers, "10.0.0.1", {});
  EXPECT_EQ(c.address, "10.0.0.1");
  EXPECT_FALSE(c.peer_trusted);
}

TEST(ClientAddress, IsThePeerWhereThePeerIsNotTrusted) {
  EXPECT_EQ(client({"192.0.2.1"}, "198.51.100.7"), "198.51.100.7");
  EXPECT_EQ(client({"192.0.2.1"}, ""), "");
}

TEST(ClientAddress, IsThePeerWhereATrustedOneSaysNothing) {
  EXPECT_EQ(client({}), "10.0.0.1");
  EXPECT_EQ(client({"", " , "}), "10.0.0.1");
}

TEST(ClientAddress, IsTheRightMostThatIsNotTrusted) {
  EXPECT_EQ(client({"192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(client({"forged, 203.0.113.9, 192.0.2.1"}), "192.0.2.1");
  EXPECT_EQ(client({"203.0.113.9,192.0.2.1 ,\t10.0.0.5, 2001:db8::7"}), "192.0.2.1");
  EXPECT_EQ(client({"203.0.113.9, ::ffff:10.0.0.5"}), "203.0.113.9");
}

TEST(ClientAddress, SeveralLinesAreOneList) {
  EXPECT_EQ(client({"203.0.113.9", "192.0.2.1", "10.0.0.5"}), "192.0.2.1");
  EXPECT_EQ(client({"192.0.2.1", "", "10.0.0.5, 10.0.0.6"}), "192.0.2.1");
}

TEST(ClientAddress, IsTheFirstOfTheWayWhereAllAreTrusted) {
  EXPECT_EQ(client({"10.0.0.3, 10.0.0.2"}), "10.0.0.3");
}

TEST(ClientAddress, WhatIsNoAddressEndsTheWay) {
  EXPECT_EQ(client({"192.0.2.1, unknown"}), "10.0.0.1");
  EXPECT_EQ(client({"192.0.2.1, unknown, 10.0.0.5"}), "10.0.0.5");
  EXPECT_EQ(client({"192.0.2.1, 10.0.0.5:http"}), "10.0.0.1");
  EXPECT_EQ(client({"[2001:db8::1"}), "10.0.0.1");
  EXPECT_EQ(client({"[2001:db8::1]x"}), "10.0.0.1");
}

TEST(ClientAddress, LeavesOutAPort) {
  EXPECT_EQ(client({"192.0.2.1:4711"}), "192.0.2.1");
  EXPECT_EQ(client({"192.0.2.1, 10.0.0.5:1, [2001:db8::1]:443"}), "192.0.2.1");
  EXPECT_EQ(client({"[2001:db9::1]"}), "2001:db9::1");
}

TEST(ClientAddress, LooksAtSoManyAddressesAndNoMore) {
  std::string way = "192.0.2.1, 10.9.9.9";
  for (int i = 1; i < kForwardedHopsMax; ++i) way += ", 10.0.0.5";
  EXPECT_EQ(client({way.c_str()}), "10.9.9.9");
}

TEST(ClientAddress, CostsNoAllocation) {
  const Headers headers = lines({"203.0.113.9, 192.0.2.1, 10.0.0.5:80", "10.0.0.2"});
  EXPECT_EQ(test::allocations_of(
                [&] { EXPECT_EQ(client_of(headers, "10.0.0.1", kTrusted).address, "192.0.2.1"); }),
            0U);
}

}  // namespace
}  // namespace banyan::exchange
