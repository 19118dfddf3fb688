#include "config/scalar.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace banyan::config {
namespace {

constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

TEST(Duration, HasAWholeNumberAndAUnit) {
  EXPECT_EQ(read_duration("0ms"), Milliseconds(0));
  EXPECT_EQ(read_duration("250ms"), Milliseconds(250));
  EXPECT_EQ(read_duration("5s"), Milliseconds(5'000));
  EXPECT_EQ(read_duration("2m"), Milliseconds(120'000));
  EXPECT_EQ(read_duration("1h"), Milliseconds(3'600'000));
  EXPECT_EQ(read_duration("14d"), Milliseconds(1'209'600'000));
  for (const char* text : {"", "5", "s", "-5s", "+5s", "1.5s", "5 s", " 5s", "5s ", "5S", "5sec",
                           "1m30s", "5w", "5D", "ms", "0x5s"}) {
    EXPECT_FALSE(read_duration(text)) << text;
  }
}

TEST(Duration, TooLargeIsTheLargest) {
  for (const char* text : {"9223372036854775807h", "99999999999999999999999999ms"}) {
    EXPECT_EQ(static_cast<std::uint64_t>(read_duration(text)->count()), kLargest) << text;
  }
}

TEST(Size, HasAWholeNumberAndABinaryUnit) {
  EXPECT_EQ(read_size("512B"), 512U);
  EXPECT_EQ(read_size("64KiB"), 65'536U);
  EXPECT_EQ(read_size("8MiB"), 8'388'608U);
  EXPECT_EQ(read_size("1GiB"), 1'073'741'824U);
  EXPECT_EQ(read_size("2TiB"), 2'199'023'255'552U);
  EXPECT_EQ(read_size("99999999999TiB"), kLargest);
  for (const char* text : {"", "64", "64KB", "64kib", "64 KiB", "64K", "1.5MiB", "-1B", "KiB"}) {
    EXPECT_FALSE(read_size(text)) << text;
  }
}

TEST(Size, AndDurationAreShownInTheLargestUnitWithoutARest) {
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(size_text(1'000), "1000B");
  EXPECT_EQ(size_text(65'536), "64KiB");
  EXPECT_EQ(size_text(1ULL << 40), "1TiB");
  EXPECT_EQ(duration_text(Milliseconds(0)), "0ms");
  EXPECT_EQ(duration_text(Milliseconds(1'500)), "1500ms");
  EXPECT_EQ(duration_text(Milliseconds(90'000)), "90s");
  EXPECT_EQ(duration_text(Milliseconds(3'600'000)), "1h");
}

TEST(Percent, HasUpToThreeDecimals) {
  EXPECT_EQ(read_percent("0")->millipercent, 0U);
  EXPECT_EQ(read_percent("1")->millipercent, 1'000U);
  EXPECT_EQ(read_percent("0.5")->millipercent, 500U);
  EXPECT_EQ(read_percent("12.125")->millipercent, 12'125U);
  EXPECT_EQ(read_percent("0.001")->millipercent, 1U);
  EXPECT_EQ(read_percent("100")->millipercent, 100'000U);
  EXPECT_EQ(read_percent("100.000")->millipercent, 100'000U);
  EXPECT_EQ(read_percent("010")->millipercent, 10'000U);
}

TEST(Percent, SaysWhatIsWrong) {
  constexpr std::array kRange{"101", "100.001", "18446744073709551616"};
  for (const char* text : kRange) {
    EXPECT_EQ(read_percent(text).error(), "a percentage must be from 0 to 100") << text;
  }
  EXPECT_EQ(read_percent("1.0001").error(), "a percentage has at most three decimals");
  for (const char* text : {"", ".", ".5", "5.", "-1", "+1", "5%", "1e1", "0x10", "1_0", "1,5"}) {
    EXPECT_EQ(read_percent(text).error(), "expected a percentage from 0 to 100") << text;
  }
}

TEST(AddressText, IsAnIpLiteralOrLocalhostWithAPort) {
  EXPECT_EQ(read_address("127.0.0.1:80"), (Address{"127.0.0.1", 80}));
  EXPECT_EQ(read_address("0.0.0.0:0"), (Address{"0.0.0.0", 0}));
  EXPECT_EQ(read_address("localhost:65535"), (Address{"127.0.0.1", 65535}));
  EXPECT_EQ(read_address("[::1]:8080"), (Address{"::1", 8080}));
  EXPECT_EQ(read_address("[2001:DB8:0:0::1]:80"), (Address{"2001:db8::1", 80}));
}

TEST(EndpointText, MayBeAHostName) {
  EXPECT_EQ(read_endpoint("127.0.0.1:80"), (Address{"127.0.0.1", 80}));
  EXPECT_EQ(read_endpoint("[::1]:80"), (Address{"::1", 80}));
  EXPECT_EQ(read_endpoint("localhost:80"), (Address{"127.0.0.1", 80}));
  EXPECT_EQ(read_endpoint("localhost.:80"), (Address{"127.0.0.1", 80}));
  EXPECT_EQ(read_endpoint("Monolith.shop.svc.cluster.local.:8080"),
            (Address{"monolith.shop.svc.cluster.local.", 8080, true}));
  EXPECT_EQ(read_endpoint("db_1:1"), (Address{"db_1", 1, true}));
  EXPECT_TRUE(read_endpoint(std::string(63, 'a') + ":1"));
}

TEST(EndpointText, SaysWhatIsNoName) {
  const std::string label(63, 'a');
  for (const std::string& host :
       {std::string("a..b"), std::string(".a"), std::string("a.."), std::string("a b"),
        std::string("a/b"), label + "a", label + "." + label + "." + label + "." + label + ".a"}) {
    const auto address = read_endpoint(host + ":80");
    ASSERT_FALSE(address) << host;
    EXPECT_EQ(address.error(), "not a host: an IP address, localhost or a name in DNS") << host;
  }
  EXPECT_EQ(read_endpoint("db").error(),
            "the port is missing: expected IP:PORT, [IPv6]:PORT or localhost:PORT");
  EXPECT_EQ(read_endpoint("1.2.3.4.5:80").error(), "not an IPv4 address");
}

TEST(AddressText, SaysWhatIsWrong) {
  struct Case {
    const char* text;
    const char* message;
  };
  constexpr std::array kCases{
      Case{"monolith.shop.svc.cluster.local.:8080",
           "a host name: only IP literals and localhost work here"},
      Case{"db", "a host name: only IP literals and localhost work here"},
      Case{"127.0.0.1", "the port is missing: expected IP:PORT, [IPv6]:PORT or localhost:PORT"},
      Case{"[::1]", "the port is missing: expected IP:PORT, [IPv6]:PORT or localhost:PORT"},
      Case{":80", "expected IP:PORT, [IPv6]:PORT or localhost:PORT"},
      Case{"", "expected IP:PORT, [IPv6]:PORT or localhost:PORT"},
      Case{"256.0.0.1:80", "not an IPv4 address"},
      Case{"127.1:80", "not an IPv4 address"},
      Case{"127.0.0.01:80", "not an IPv4 address"},
      Case{"::1:80", "an IPv6 address stands in brackets: [::1]:8080"},
      Case{"[127.0.0.1]:80", "not an IPv6 address between the brackets"},
      Case{"[fe80::1%eth0]:80", "not an IPv6 address between the brackets"},
      Case{"127.0.0.1:65536", "a port must be from 0 to 65535"},
      Case{"127.0.0.1:", "a port must be from 0 to 65535"},
      Case{"127.0.0.1:http", "a port must be from 0 to 65535"},
      Case{"127.0.0.1:-1", "a port must be from 0 to 65535"},
  };
  for (const Case& c : kCases) {
    const auto address = read_address(c.text);
    ASSERT_FALSE(address) << c.text;
    EXPECT_EQ(address.error(), c.message) << c.text;
  }
}

TEST(AddressText, KnowsLoopbackAndAll) {
  EXPECT_TRUE(is_loopback({"127.0.0.1", 1}));
  EXPECT_TRUE(is_loopback({"127.9.9.9", 1}));
  EXPECT_TRUE(is_loopback({"::1", 1}));
  EXPECT_FALSE(is_loopback({"10.0.0.1", 1}));
  EXPECT_FALSE(is_loopback({"::", 1}));
  EXPECT_TRUE(is_wildcard({"0.0.0.0", 1}));
  EXPECT_TRUE(is_wildcard({"::", 1}));
  EXPECT_FALSE(is_wildcard({"127.0.0.1", 1}));
  EXPECT_EQ(to_text(Address{"::1", 80}), "[::1]:80");
  EXPECT_EQ(to_text(Address{"127.0.0.1", 80}), "127.0.0.1:80");
}

TEST(NetworkText, IsAnAddressOrABlock) {
  const auto network = read_network("10.0.0.0/8");
  ASSERT_TRUE(network);
  EXPECT_TRUE(network->contains(*IpAddress::parse("10.1.2.3")));
  EXPECT_TRUE(read_network("2001:db8::1"));
  EXPECT_FALSE(read_network("[::1]"));
  EXPECT_FALSE(read_network("10.0.0.0/8 "));
}

TEST(Name, FollowsItsGrammar) {
  for (const std::string& text : {std::string("a"), std::string("0"), std::string("a.b_c-d9"),
                                  std::string(kNameBytesMax, 'x')}) {
    EXPECT_EQ(read_name(text), text);
  }
  for (const std::string& text :
       {std::string(), std::string("A"), std::string("-a"), std::string(".a"), std::string("a b"),
        std::string("ä"), std::string(kNameBytesMax + 1, 'x')}) {
    EXPECT_FALSE(read_name(text)) << text;
  }
}

TEST(Label, IsPrintableAscii) {
  EXPECT_EQ(read_label("headerColor"), "headerColor");
  EXPECT_EQ(read_label("2026-11-22 3"), "2026-11-22 3");
  EXPECT_TRUE(read_label(std::string(kFlagBytesMax, 'x')));
  EXPECT_FALSE(read_label(std::string(kFlagBytesMax + 1, 'x')));
  EXPECT_FALSE(read_label(""));
  EXPECT_FALSE(read_label("a\nb"));
  EXPECT_FALSE(read_label("ä"));
}

// RFC 9110 §5.6.2
TEST(Token, Rfc9110Section5_6_2) {
  EXPECT_EQ(read_token("X-User-Id"), "X-User-Id");
  EXPECT_EQ(read_token("!#$%&'*+-.^_`|~"), "!#$%&'*+-.^_`|~");
  for (const char* text : {"", "a b", "a:b", "a=b", "a;b", "(a)", "a\"", "a\x7f", "ä"}) {
    EXPECT_FALSE(read_token(text)) << text;
  }
}

TEST(Host, IsLowerCaseWithoutAPort) {
  EXPECT_EQ(read_host("Orders.Shop.test"), "orders.shop.test");
  EXPECT_EQ(read_host("orders.shop.test."), "orders.shop.test");
  EXPECT_EQ(read_host("127.0.0.1"), "127.0.0.1");
  EXPECT_EQ(read_host("[0:0::1]"), "[::1]");
  EXPECT_EQ(read_host("a:80").error(), "a host is given without a port");
  for (const char* text : {"", ".", ".a", "*.a", "a b", "a/b", "[::1]:80", "[x]", "ä"}) {
    EXPECT_FALSE(read_host(text)) << text;
  }
}

TEST(PathPrefix, IsInTheFormThatPathsAreMatchedIn) {
  EXPECT_EQ(read_path_prefix("/"), "/");
  EXPECT_EQ(read_path_prefix("/a/b"), "/a/b");
  EXPECT_EQ(read_path_prefix("/a/"), "/a");
  EXPECT_EQ(read_path_prefix("/a%2Fb"), "/a%2Fb");
  EXPECT_EQ(read_path_prefix("/a//b"), "/a//b");
}

TEST(PathPrefix, SaysWhatIsWrong) {
  struct Case {
    std::string text;
    const char* message;
  };
  const std::array cases{
      Case{"", "a path begins with /"},
      Case{"orders", "a path begins with /"},
      Case{"*", "a path begins with /"},
      Case{"/a?b", "a path has no query"},
      Case{"/a//", "a path ends with at most one /"},
      Case{"/%61", "not in the form that paths are matched in: write \"/a\""},
      Case{"/%2f", "not in the form that paths are matched in: write \"/%2F\""},
      Case{"/a/../b", "no request path can look like this: dot segment in path"},
      Case{"/%zz", "no request path can look like this: broken percent-escape"},
      Case{"/a b", "no request path can look like this: forbidden character in path"},
      Case{"/" + std::string(kPathPrefixBytesMax, 'a'), "a path has at most 1024 bytes"},
  };
  for (const Case& c : cases) {
    const auto prefix = read_path_prefix(c.text);
    ASSERT_FALSE(prefix) << c.text;
    EXPECT_EQ(prefix.error(), c.message) << c.text;
  }
}

TEST(FilePath, HasNoControlCharacters) {
  EXPECT_EQ(read_file_path("/var/lib/bän yan"), "/var/lib/bän yan");
  EXPECT_FALSE(read_file_path(""));
  EXPECT_FALSE(read_file_path(std::string_view("a\0b", 3)));
  EXPECT_FALSE(read_file_path("a\nb"));
  EXPECT_TRUE(read_file_path(std::string(kFilePathBytesMax, 'x')));
  EXPECT_FALSE(read_file_path(std::string(kFilePathBytesMax + 1, 'x')));
}

}  // namespace
}  // namespace banyan::config
