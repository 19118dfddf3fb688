// Our head parser against llhttp, which nobody here wrote: whatever ours accepts, llhttp accepts in
// strict mode and reads the same way. The other direction does not hold: ours is stricter.
#include <gtest/gtest.h>
#include <llhttp.h>

#include <random>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "proxy/codec/framing.h"
#include "proxy/codec/head_parser.h"
#include "tests/support/seed.h"

namespace banyan::codec {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

struct Reading {
  std::string start;  // the method and the target, or the status and the reason
  int minor = -1;
  Fields fields;
  bool chunked = false;
  bool counted = false;
  std::uint64_t length = 0;
  bool complete = false;
  std::size_t size = 0;  // of the head, as ours says

  bool operator==(const Reading&) const = default;
};

Reading& reading_of(llhttp_t* parser) { return *static_cast<Reading*>(parser->data); }

int on_text(llhttp_t* parser, const char* at, std::size_t size) {
  reading_of(parser).start.append(" ").append(at, size);
  return 0;
}

int on_complete(llhttp_t* parser) {
  Reading& reading = reading_of(parser);
  reading.complete = true;
  reading.minor = parser->http_minor;
  reading.chunked = (parser->flags & F_CHUNKED) != 0;
  reading.counted = (parser->flags & F_CONTENT_LENGTH) != 0;
  reading.length = reading.counted ? parser->content_length : 0;
  return HPE_PAUSED;
}

Reading read_with_llhttp(std::string_view head, llhttp_type_t type) {
  llhttp_settings_t settings{};
  settings.on_url = on_text;
  settings.on_status = on_text;
  settings.on_header_field = [](llhttp_t* parser, const char* at, std::size_t size) {
    reading_of(parser).fields.emplace_back(std::string(at, size), "");
    return 0;
  };
  settings.on_header_value = [](llhttp_t* parser, const char* at, std::size_t size) {
    std::string value(at, size);
    value.resize(value.find_last_not_of(" \t") + 1);
    reading_of(parser).fields.back().second += value;
    return 0;
  };
  settings.on_headers_complete = on_complete;
  llhttp_t parser;
  llhttp_init(&parser, type, &settings);
  Reading reading;
  parser.data = &reading;
  (void)llhttp_execute(&parser, head.data(), head.size());
  const std::string text = reading.start.empty() ? " " : reading.start;
  reading.start = type == HTTP_REQUEST
                      ? llhttp_method_name(static_cast<llhttp_method_t>(parser.method)) + text
                      : std::to_string(parser.status_code) + text;
  return reading;
}

Fields fields_of(const Headers& headers) {
  Fields fields;
  for (const Header h : headers) fields.emplace_back(h.name, h.value);
  return fields;
}

template <class Head>
Reading as_reading(const Head& head) {
  Reading reading;
  reading.minor = head.version == HttpVersion::http11 ? 1 : 0;
  reading.fields = fields_of(head.headers);
  reading.complete = true;
  return reading;
}

std::string_view target_in(std::string_view head) {
  const std::size_t at = head.find(' ') + 1;
  return head.substr(at, head.find(' ', at) - at);
}

// What ours makes of it; not complete where it is refused.
Reading read_request(std::string_view text) {
  RequestHead head;
  const Result<std::size_t> size = parse_request_head(text, HeadLimits{}, head);
  if (!size) return {};
  Reading reading = as_reading(head);
  reading.size = *size;
  reading.start = std::string(head.method_text) + " " + std::string(target_in(text));
  reading.chunked = head.framing == Framing::chunked;
  reading.counted = head.framing == Framing::content_length;
  reading.length = head.content_length;
  return reading;
}

Reading read_response(std::string_view text) {
  ResponseHead head;
  const Result<std::size_t> size = parse_response_head(text, HeadLimits{}, Method::get, head);
  if (!size) return {};
  Reading reading = as_reading(head);
  reading.size = *size;
  reading.start = std::to_string(head.status) + " " + head.reason;
  const bool has_body = head.framing != Framing::none;
  reading.chunked = has_body && head.framing == Framing::chunked;
  reading.counted = head.content_length.has_value();
  reading.length = head.content_length.value_or(0);
  return reading;
}

// Where a scanner says that a head ends; 0 where it sees none.
std::size_t scanned_size(std::string_view text, const ScanLimits& limits) {
  HeadScanner scanner;
  std::size_t taken = 0;
  const bool complete = scanner.scan(text, limits, taken) == HeadScanner::Step::complete;
  return complete && scanner.leading() == 0 ? taken : 0;
}

struct Count {
  std::size_t accepted = 0;
  std::size_t refused = 0;
};

void compare(std::string_view text, llhttp_type_t type, Count& count) {
  const HeadLimits limits;
  const bool is_request = type == HTTP_REQUEST;
  const Reading ours = is_request ? read_request(text) : read_response(text);
  ++(ours.complete ? count.accepted : count.refused);
  if (!ours.complete) return;
  EXPECT_EQ(ours.size, scanned_size(text, is_request ? request_scan_limits(limits)
                                                     : response_scan_limits(limits)))
      << text;
  const Reading theirs = read_with_llhttp(text, type);
  EXPECT_EQ(ours.complete, theirs.complete) << text;
  EXPECT_EQ(ours.start, theirs.start) << text;
  EXPECT_EQ(ours.fields, theirs.fields) << text;
  EXPECT_EQ(ours.minor, theirs.minor) << text;
  // Ours says that there is no body with 204, 304 and 1xx, whatever the fields say.
  if (!is_request && is_bodyless(Method::get, std::stoi(ours.start))) return;
  EXPECT_EQ(std::tuple(ours.chunked, ours.counted, ours.length),
            std::tuple(theirs.chunked, theirs.counted, theirs.length))
      << text;
}

constexpr std::string_view kRequests[] = {
    "GET / HTTP/1.1\r\nHost: h\r\n\r\n",
    "GET /shop/1?x=%20y HTTP/1.1\r\nHost: shop.test:80\r\nUser-Agent: a b/1\r\nAccept: */*\r\n\r\n",
    "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 12\r\n\r\n",
    "PUT /a HTTP/1.1\r\nhost:h\r\nTRANSFER-ENCODING:\tchunked \r\nX:\r\n\r\n",
    "GET / HTTP/1.0\r\nConnection: keep-alive\r\nCookie: a=b; c=\"d\"\r\n\r\n",
    "OPTIONS * HTTP/1.1\r\nHost: [::1]:8080\r\nUpgrade: h2c\r\nConnection: upgrade\r\n\r\n",
    "M-SEARCH /a HTTP/1.1\r\nHost: h\r\nX-Odd!#$%: \x80\xff\t.\r\nExpect: 100-continue\r\n\r\n",
};
constexpr std::string_view kResponses[] = {
    "HTTP/1.1 200 OK\r\nContent-Length: 1024\r\nServer: x\r\n\r\n",
    "HTTP/1.1 404\r\nTransfer-Encoding: chunked\r\n\r\n",
    "HTTP/1.0 204 No Content\r\nConnection: keep-alive\r\nDate: today\r\n\r\n",
    "HTTP/1.1 304 \r\nETag: W/\"1\"\r\nContent-Length:  7 \r\nX:\r\n\r\n",
    "HTTP/1.1 500 a\tb \xe4\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\r\n",
};
constexpr std::string_view kOddBytes{"\0\t\r\n :;,/\\\"#?*%-_0129aAzZ.\x01\x7f\x80\xff", 31};

// Each byte replaced, doubled, left out.
template <class Take>
void for_each_mutation(std::string_view head, Take take) {
  for (std::size_t at = 0; at < head.size(); ++at) {
    std::string changed(head);
    for (const char odd : kOddBytes) {
      changed[at] = odd;
      take(changed);
    }
    take(std::string(head).erase(at, 1));
    take(std::string(head).insert(at, 1, head[at]));
  }
}

template <class Heads>
Count compare_mutations(const Heads& heads, llhttp_type_t type) {
  Count count;
  for (const std::string_view head : heads) {
    compare(head, type, count);
    for_each_mutation(head, [&](const std::string& text) { compare(text, type, count); });
  }
  return count;
}

template <class Heads>
Count compare_random(const Heads& heads, llhttp_type_t type) {
  constexpr int kRounds = 20'000;
  std::mt19937_64 random = test::seeded_random();
  const auto draw = [&](std::size_t below) { return static_cast<std::size_t>(random() % below); };
  Count count;
  for (int round = 0; round < kRounds; ++round) {
    std::string text(heads[draw(std::size(heads))]);
    for (std::size_t change = 0; change < 2 + draw(3); ++change) {
      text[draw(text.size())] = kOddBytes[draw(kOddBytes.size())];
    }
    compare(text, type, count);
  }
  return count;
}

// Both kinds of mutation leave some heads good and make some bad, or they would prove nothing.
void expect_both(const Count& count) {
  EXPECT_GT(count.accepted, 100U);
  EXPECT_GT(count.refused, 100U);
}

TEST(HeadParser, ReadsWhateverItAcceptsOfARequestLikeLlhttp) {
  expect_both(compare_mutations(kRequests, HTTP_REQUEST));
  expect_both(compare_random(kRequests, HTTP_REQUEST));
}

TEST(HeadParser, ReadsWhateverItAcceptsOfAResponseLikeLlhttp) {
  expect_both(compare_mutations(kResponses, HTTP_RESPONSE));
  expect_both(compare_random(kResponses, HTTP_RESPONSE));
}

}  // namespace
}  // namespace banyan::codec
