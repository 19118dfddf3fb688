#include "proxy/codec/hop_by_hop.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace banyan::codec {
namespace {

std::vector<std::string> forwarded(
    const std::vector<std::pair<std::string_view, std::string_view>>& fields) {
  Headers headers;
  for (const auto& [name, value] : fields) headers.add(name, value);
  const HopByHop hop_by_hop(headers);
  std::vector<std::string> names;
  for (const Header h : headers) {
    if (!hop_by_hop.covers(h)) names.emplace_back(h.name);
  }
  return names;
}

using Names = std::vector<std::string>;

TEST(Rfc9110Section7_6_1HopByHop, FieldsOfTheConnectionStay) {
  for (const std::string_view name :
       {"Connection", "keep-alive", "Proxy-Connection", "TE", "Trailer", "TRANSFER-ENCODING",
        "Upgrade", "Proxy-Authenticate", "Proxy-Authorization"}) {
    EXPECT_EQ(forwarded({{name, "x"}}), Names{}) << name;
  }
}

TEST(Rfc9110Section7_6_1HopByHop, FieldsThatConnectionNamesStay) {
  EXPECT_EQ(
      forwarded({{"X-A", "1"}, {"Connection", "close, x-a ,X-B"}, {"x-b", "2"}, {"X-C", "3"}}),
      Names{"X-C"});
  EXPECT_EQ(forwarded({{"Connection", "x-a"}, {"Connection", "x-b"}, {"X-A", "1"}, {"X-B", "1"}}),
            Names{});
}

TEST(Rfc9110Section7_6_1HopByHop, EverythingElsePasses) {
  EXPECT_EQ(forwarded({{"Authorization", "x"},
                       {"Connection", "close, keep-alive"},
                       {"Close", "x"},
                       {"Cookie", "x"},
                       {"Transfer-Encoding-Old", "x"},
                       {"Via", "x"}}),
            (Names{"Authorization", "Close", "Cookie", "Transfer-Encoding-Old", "Via"}));
}

TEST(HopByHop, AFieldNamedTwiceOnTheWireStaysTwice) {
  EXPECT_EQ(forwarded({{"X-A", "1"}, {"Connection", "X-A"}, {"x-a", "2"}}), Names{});
}

}  // namespace
}  // namespace banyan::codec
