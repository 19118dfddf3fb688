#include "proxy/exchange/forwarding.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <utility>

#include "proxy/exchange/arm_form.h"

namespace banyan::exchange {
namespace {

using Fields = std::initializer_list<std::pair<const char*, const char*>>;

std::string fields(const Headers& headers) {
  std::string all;
  for (const Header h : headers) {
    all.append(h.name).append(": ").append(h.value).append("\n");
  }
  return all;
}

std::string forwarded(Fields in, ForwardRules rules = {.x_forwarded = false}) {
  RequestHead head;
  for (const auto& [name, value] : in) head.headers.add(name, value);
  RequestHead out;
  forward_request(head, rules, out);
  return fields(out.headers);
}

TEST(ForwardRequest, KeepsOrderSpellingAndRepetition) {
  EXPECT_EQ(forwarded({{"B", "1"}, {"a", "2"}, {"B", "3"}, {"Cookie", "c=d"}}),
            "B: 1\na: 2\nB: 3\nCookie: c=d\n");
}

TEST(ForwardRequest, Rfc9110Section761HopByHopFieldsEndHere) {
  EXPECT_EQ(forwarded({{"Connection", "close, X-Hop , x-other"},
                       {"X-Hop", "1"},
                       {"X-OTHER", "2"},
                       {"Keep-Alive", "timeout=5"},
                       {"Proxy-Connection", "keep-alive"},
                       {"Proxy-Authorization", "Basic x"},
                       {"TE", "trailers"},
                       {"Trailer", "x"},
                       {"Transfer-Encoding", "chunked"},
                       {"Upgrade", "websocket"},
                       {"X-Stays", "3"}}),
            "X-Stays: 3\n");
}

TEST(ForwardRequest, Rfc9110Section761EveryConnectionFieldCounts) {
  EXPECT_EQ(forwarded({{"X-A", "1"}, {"Connection", "x-a"}, {"Connection", "x-b"}, {"X-B", "2"}}),
            "");
}

TEST(ForwardRequest, Rfc9110Section1014TrailersAreAskedForWhereTheClientTakesThem) {
  EXPECT_EQ(forwarded({{"TE", "gzip, trailers"}, {"Connection", "te"}}), "te: trailers\n");
  EXPECT_EQ(forwarded({{"TE", "gzip"}, {"Connection", "te"}}), "");
  EXPECT_EQ(forwarded({{"TE", "chunked, trailers"}, {"Connection", "te"}}), "te: trailers\n");
  EXPECT_EQ(forwarded({{"TE", "chunked"}, {"Connection", "te"}}), "");
  RequestHead old;
  old.version = HttpVersion::http10;
  old.headers.add("TE", "trailers");
  old.headers.add("Connection", "TE");
  RequestHead out;
  forward_request(old, {.x_forwarded = false}, out);
  EXPECT_EQ(fields(out.headers), "");
}

TEST(ForwardRequest, OfHttp2NeedsNoConnectionForTeAndSaysSoInVia) {
  RequestHead head;
  head.version = HttpVersion::http2;
  head.headers.add("te", "trailers");
  RequestHead out;
  forward_request(head, {.x_forwarded = false, .via = true}, out);
  EXPECT_EQ(fields(out.headers), "te: trailers\nvia: 2.0 banyan\n");
}

TEST(ForwardRequest, Rfc9110Section662TrailersAreAnnouncedWhereTheyMayCome) {
  RequestHead head;
  head.framing = Framing::chunked;
  head.headers.add("Trailer", "X-Sum");
  RequestHead out;
  forward_request(head, {.x_forwarded = false}, out);
  EXPECT_EQ(fields(out.headers), "Trailer: X-Sum\n");
}

TEST(ForwardRequest, Rfc9110Section1011ExpectOfHttp10IsIgnored) {
  RequestHead head;
  head.version = HttpVersion::http10;
  head.headers.add("Expect", "100-continue");
  RequestHead out;
  forward_request(head, {.x_forwarded = false}, out);
  EXPECT_EQ(fields(out.headers), "");
}

struct Hops {
  Method method;
  const char* told;
  std::optional<std::uint64_t> left;
  const char* forwarded;
};

TEST(ForwardRequest, Rfc9110Section762MaxForwardsOfOptionsIsCountedDown) {
  for (const Hops& c :
       {Hops{Method::options, "5", 5, "max-forwards: 4\n"},
        Hops{Method::options, "1", 1, "max-forwards: 0\n"}, Hops{Method::options, "0", 0, ""},
        Hops{Method::options, "x", std::nullopt, "Max-Forwards: x\n"},
        Hops{Method::options, "-1", std::nullopt, "Max-Forwards: -1\n"},
        Hops{Method::get, "0", std::nullopt, "Max-Forwards: 0\n"}}) {
    RequestHead head;
    head.method = c.method;
    head.headers.add("Max-Forwards", c.told);
    EXPECT_EQ(hops_left(head), c.left) << c.told;
    RequestHead out;
    forward_request(head, {.x_forwarded = false}, out);
    EXPECT_EQ(fields(out.headers), c.forwarded) << c.told;
  }
}

TEST(ForwardRequest, TheTraceContextPassesUntouched) {
  EXPECT_EQ(forwarded({{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                       {"tracestate", "a=b"}}),
            "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n"
            "tracestate: a=b\n");
}

TEST(ForwardRequest, FramingAndHostAreWrittenAnew) {
  EXPECT_EQ(forwarded({{"Host", "a"}, {"Content-Length", "3"}, {"Expect", "100-continue"}}),
            "Expect: 100-continue\n");
  RequestHead head;
  head.method = Method::post;
  head.method_text = "POST";
  head.target = "/a?b";
  head.authority = "shop.test";
  head.framing = Framing::content_length;
  head.content_length = 3;
  head.expect_continue = true;
  RequestHead out;
  forward_request(head, {}, out);
  EXPECT_EQ(out.method, Method::post);
  EXPECT_EQ(out.method_text, "POST");
  EXPECT_EQ(out.target, "/a?b");
  EXPECT_EQ(out.authority, "shop.test");
  EXPECT_EQ(out.framing, Framing::content_length);
  EXPECT_EQ(out.content_length, 3U);
  EXPECT_TRUE(out.expect_continue);
}

TEST(ForwardRequest, SaysWhatThisHopKnowsAndNotWhatTheClientSaid) {
  RequestHead head;
  head.authority = "shop.test";
  for (const char* name :
       {"X-Forwarded-For", "x-forwarded-host", "X-Forwarded-Proto", "Forwarded"}) {
    head.headers.add(name, "forged");
  }
  RequestHead out;
  forward_request(head, {.peer = "10.0.0.9", .scheme = "http", .via = true}, out);
  EXPECT_EQ(fields(out.headers),
            "via: 1.1 banyan\nx-forwarded-for: 10.0.0.9\nx-forwarded-host: shop.test\n"
            "x-forwarded-proto: http\n");
}

std::string forwarded_by_trusted(Fields in, bool x_forwarded = true) {
  return forwarded(in, {.peer = "10.0.0.9", .peer_trusted = true, .x_forwarded = x_forwarded});
}

TEST(ForwardRequest, KeepsWhatATrustedProxySaysAndAddsThatProxy) {
  EXPECT_EQ(forwarded_by_trusted({{"X-Forwarded-For", "192.0.2.1, 10.0.0.8"},
                                  {"X-Forwarded-Host", "shop.test"},
                                  {"X-Forwarded-Proto", "https"},
                                  {"Forwarded", "for=192.0.2.1"}}),
            "X-Forwarded-Host: shop.test\nX-Forwarded-Proto: https\nForwarded: for=192.0.2.1\n"
            "x-forwarded-for: 192.0.2.1, 10.0.0.8, 10.0.0.9\n");
}

TEST(ForwardRequest, MakesOneListOfSeveralForwardedForLines) {
  EXPECT_EQ(forwarded_by_trusted({{"X-Forwarded-For", "192.0.2.1"},
                                  {"X-Forwarded-For", ""},
                                  {"X-Forwarded-For", "10.0.0.8"}}),
            "x-forwarded-for: 192.0.2.1, 10.0.0.8, 10.0.0.9\nx-forwarded-proto: http\n");
}

TEST(ForwardRequest, SaysItselfWhatATrustedProxyDidNot) {
  EXPECT_EQ(forwarded_by_trusted({}), "x-forwarded-for: 10.0.0.9\nx-forwarded-proto: http\n");
}

TEST(ForwardRequest, AddsNothingToATrustedProxysWordUnlessAsked) {
  EXPECT_EQ(forwarded_by_trusted({{"X-Forwarded-For", "192.0.2.1"}}, false),
            "X-Forwarded-For: 192.0.2.1\n");
}

TEST(ForwardRequest, TakesTheShadowMarkerFromClients) {
  EXPECT_EQ(forwarded({{"X-Banyan-Shadow", "orders"}, {"x-banyan-shadow", "b"}}), "");
  EXPECT_EQ(forwarded({{"Baggage", "banyan-shadow=1"}}), "");
  EXPECT_EQ(forwarded({{"Baggage", "a=1, banyan-shadow=1;p=2 ,b=2"}}), "Baggage: a=1, b=2\n");
}

TEST(Baggage, LosesTheMarkerAndNothingElse) {
  EXPECT_EQ(baggage_without_marker(""), "");
  EXPECT_EQ(baggage_without_marker("banyan-shadow"), "");
  EXPECT_EQ(baggage_without_marker("banyan-shadow = 1"), "");
  EXPECT_EQ(baggage_without_marker(" , banyan-shadow=1,, banyan-shadow=2"), "");
  EXPECT_EQ(baggage_without_marker("banyan-shadows=1,x-banyan-shadow=1"),
            "banyan-shadows=1, x-banyan-shadow=1");
  EXPECT_EQ(baggage_without_marker("a=1;p;q=2"), "a=1;p;q=2");
}

TEST(MarkAsShadow, TellsTheServiceAndItsInstrumentation) {
  RequestHead head;
  head.headers.add("baggage", "a=1");
  mark_as_shadow(head, "orders", {}, 1);
  EXPECT_EQ(fields(head.headers),
            "baggage: a=1\nx-banyan-shadow: orders\nbaggage: banyan-shadow=1\n");
}

std::string answered(Fields in, bool via = false) {
  ResponseHead head;
  for (const auto& [name, value] : in) head.headers.add(name, value);
  forward_response(head, via);
  return fields(head.headers);
}

TEST(ForwardResponse, HopByHopFieldsEndHereAndCookiesStayApart) {
  EXPECT_EQ(answered({{"Set-Cookie", "a=1"},
                      {"Connection", "X-Hop"},
                      {"X-Hop", "1"},
                      {"Transfer-Encoding", "chunked"},
                      {"Content-Length", "5"},
                      {"Set-Cookie", "b=2"},
                      {"Server", "theirs"}}),
            "Set-Cookie: a=1\nSet-Cookie: b=2\nServer: theirs\n");
}

TEST(ForwardResponse, Rfc9110Section662TrailersAreAnnouncedWhereTheyMayCome) {
  for (const Framing framing : {Framing::chunked, Framing::content_length}) {
    ResponseHead head;
    head.headers.add("Trailer", "X-Sum");
    head.framing = framing;
    forward_response(head, false);
    EXPECT_EQ(fields(head.headers), framing == Framing::chunked ? "Trailer: X-Sum\n" : "");
  }
}

TEST(ForwardResponse, AddsNothingUnlessAsked) {
  EXPECT_EQ(answered({}), "");
  EXPECT_EQ(answered({}, true), "via: 1.1 banyan\n");
}

TEST(ForwardResponse, Rfc9110Section86TheLengthThatHeadWasToldStays) {
  ResponseHead head;
  head.status = 200;
  head.reason = "Fine";
  head.framing = Framing::none;
  head.content_length = 4'711;
  forward_response(head, false);
  EXPECT_EQ(head.content_length, 4'711U);
  EXPECT_EQ(head.framing, Framing::none);
  EXPECT_EQ(head.status, 200);
  EXPECT_EQ(head.reason, "Fine");
}

TEST(Forwarding, AMarkIsTheFieldOrTheMemberOfBaggage) {
  const auto marked = [](std::string_view name, std::string_view value) {
    Headers headers;
    headers.add(name, value);
    return is_marked(headers);
  };
  EXPECT_TRUE(marked("X-Banyan-Shadow", "orders"));
  EXPECT_TRUE(marked("baggage", "a=b, banyan-shadow=1;p"));
  EXPECT_FALSE(marked("baggage", "a=banyan-shadow, banyan-shadowed=1"));
  EXPECT_FALSE(marked("x-other", "banyan-shadow=1"));
  EXPECT_FALSE(is_marked(Headers()));
}

TEST(Forwarding, AMarkThatIsTrustedStaysAndAnotherIsTaken) {
  RequestHead in;
  in.headers.add("x-banyan-shadow", "orders");
  in.headers.add("baggage", "a=b, banyan-shadow=1");
  RequestHead out;
  forward_request(in, {.x_forwarded = false}, out);
  EXPECT_EQ(out.headers.find("x-banyan-shadow"), std::nullopt);
  EXPECT_EQ(out.headers.find("baggage"), "a=b");
  out.clear();
  forward_request(in, {.x_forwarded = false, .keep_marker = true}, out);
  EXPECT_EQ(out.headers.find("x-banyan-shadow"), "orders");
  EXPECT_EQ(out.headers.find("baggage"), "a=b, banyan-shadow=1");
}

TEST(Forwarding, AFieldThatEndsHereEndsHereHoweverOftenItStands) {
  RequestHead in;
  in.headers.add("X-Arm", "monolith:secret");
  in.headers.add("x-arm", "legacy:other");
  in.headers.add("x-army", "stays");
  RequestHead out;
  forward_request(in, {.x_forwarded = false, .dropped = "x-arm"}, out);
  EXPECT_EQ(out.headers.size(), 1U);
}

}  // namespace
}  // namespace banyan::exchange
