// What one codec writes the other reads back equal, and nothing that gets through can be read in
// two ways.
#include <gtest/gtest.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

using Random = std::mt19937_64;

constexpr int kRoundTrips = 80;
constexpr int kMutations = 40'000;
constexpr int kRecuts = 1'500;

std::size_t up_to(Random& random, std::size_t max) {
  return std::uniform_int_distribution<std::size_t>(0, max)(random);
}

std::string text_of(Random& random, std::string_view letters, std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i) text += letters[up_to(random, letters.size() - 1)];
  return text;
}

std::string bytes_of(Random& random, std::size_t size) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(up_to(random, 255));
  return bytes;
}

constexpr std::string_view kNameLetters = "aZ09-_.!#$%&'*+^`|~";
constexpr std::string_view kValueLetters = "abc XYZ\t,;=:\"()/?\xc3\xa9";
constexpr std::string_view kTargetLetters = "abc/?=&%20.;~!$'()*+,:@[]{}|\\^`\"<>";

std::string trimmed(std::string text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

void add_random_fields(Random& random, Headers& headers) {
  for (std::size_t i = up_to(random, 8); i > 0; --i) {
    const std::string name = "X" + text_of(random, kNameLetters, up_to(random, 12));
    headers.add(name, trimmed(text_of(random, kValueLetters, up_to(random, 40))));
  }
}

// ---- Round trips ------------------------------------------------------------------------------

struct Message {
  Lines expected;
  std::string wire;
};

void write_body(Random& random, std::string_view body, const std::function<void(Bytes)>& write) {
  while (!body.empty()) {
    const std::size_t size = 1 + up_to(random, body.size() - 1);
    write(body.substr(0, size));
    body.remove_prefix(size);
  }
}

// Fields that the codec adds, so that the rest can be compared.
void drop_framing(Lines& lines) {
  std::erase_if(lines, [](const std::string& l) {
    return l.starts_with("field Host:") || l.starts_with("field Content-Length:") ||
           l.starts_with("field Transfer-Encoding:");
  });
}

Message random_request(Random& random) {
  constexpr std::array<std::string_view, 5> kMethods{"GET", "POST", "PUT", "DELETE", "PROPFIND"};
  constexpr std::array kFramings{Framing::none, Framing::content_length, Framing::chunked};
  RequestHead head;
  head.method_text = kMethods[up_to(random, kMethods.size() - 1)];
  head.method = method_of(head.method_text);
  head.target = "/" + text_of(random, kTargetLetters, up_to(random, 60));
  head.authority = "h" + std::to_string(up_to(random, 99)) + ".test";
  head.framing = kFramings[up_to(random, kFramings.size() - 1)];
  add_random_fields(random, head.headers);
  const std::size_t size = head.framing == Framing::none ? 0 : up_to(random, 9000);
  const std::string body = bytes_of(random, size);
  head.content_length = head.framing == Framing::content_length ? size : 0;

  ServerLines expected;
  expected.on_request(1, head);
  if (!body.empty()) expected.on_request_body(1, body);
  expected.on_request_end(1);

  StringSink sink;
  ClientLines unused;
  codec::Http1ClientCodec client(unused, sink, {});
  const codec::StreamId stream = client.send_head(head);
  write_body(random, body, [&](Bytes piece) { client.send_body(stream, piece); });
  client.send_end(stream);
  return {expected.lines, sink.text};
}

TEST(RoundTrip, ARequestIsReadAsItWasWritten) {
  Random random = seeded_random();
  for (int i = 0; i < kRoundTrips; ++i) {
    const Message message = random_request(random);
    Lines seen = request_lines(message.wire);
    drop_framing(seen);
    ASSERT_EQ(seen, message.expected) << message.wire.substr(0, 500);
  }
}

Message random_response(Random& random) {
  constexpr std::array kStatuses{200, 201, 206, 302, 404, 500, 599};
  constexpr std::array kFramings{Framing::content_length, Framing::chunked};
  ResponseHead head;
  head.status = kStatuses[up_to(random, kStatuses.size() - 1)];
  head.reason = text_of(random, kValueLetters, up_to(random, 20));
  head.framing = kFramings[up_to(random, kFramings.size() - 1)];
  add_random_fields(random, head.headers);
  const std::string body = bytes_of(random, up_to(random, 9000));
  if (head.framing == Framing::content_length) head.content_length = body.size();

  ClientLines expected;
  expected.on_response(1, head);
  if (!body.empty()) expected.on_response_body(1, body);
  expected.on_response_end(1);
  expected.lines.emplace_back("reusable");

  StringSink sink;
  ServerLines unused;
  codec::Http1ServerCodec server(unused, sink, {});
  EXPECT_GT(server.feed("GET / HTTP/1.1\r\nHost: h\r\n\r\n"), 0U);
  server.send_head(1, head);
  write_body(random, body, [&](Bytes piece) { server.send_body(1, piece); });
  server.send_end(1);
  return {expected.lines, sink.text};
}

TEST(RoundTrip, AResponseIsReadAsItWasWritten) {
  Random random = seeded_random();
  for (int i = 0; i < kRoundTrips; ++i) {
    const Message message = random_response(random);
    Lines seen = response_lines(message.wire);
    drop_framing(seen);
    ASSERT_EQ(seen, message.expected) << message.wire.substr(0, 500);
  }
}

// ---- Other readers ----------------------------------------------------------------------------

// A reader as careless as some that stand behind proxies. Where all of them agree about a request,
// nothing can be smuggled in it.
struct Careless {
  bool lf_ends_a_line = false;
  bool cr_ends_a_line = false;
  bool unfolds = false;
  bool trims_names = false;
  bool last_length_wins = false;
  bool length_outranks_coding = false;
  bool any_mention_of_chunked = false;
  bool chunk_size_stops_at_junk = false;
};

// Careless about what stands around it, not about its case (RFC 9112 §7).
bool mentions_chunked(std::string value) {
  std::transform(value.begin(), value.end(), value.begin(), ascii_lower);
  return value.find("chunked") != std::string::npos;
}

constexpr Careless kReaders[] = {
    {},
    {.lf_ends_a_line = true},
    {.cr_ends_a_line = true},
    {.unfolds = true},
    {.trims_names = true},
    {.last_length_wins = true},
    {.length_outranks_coding = true},
    {.any_mention_of_chunked = true},
    {.chunk_size_stops_at_junk = true},
    {true, false, true, true, true, false, true, true},
    {true, true, false, true, false, true, true, true},
};

struct Read {
  std::string body;
  std::size_t end = 0;
  bool operator==(const Read&) const = default;
};

class CarelessReader {
 public:
  CarelessReader(const Careless& how, std::string_view wire) : how_(how), wire_(wire) {}

  std::optional<Read> read() {
    while (wire_.substr(at_).starts_with("\r\n")) at_ += 2;
    if (!line()) return std::nullopt;
    if (!fields()) return std::nullopt;
    if (chunked_ && !(how_.length_outranks_coding && length_)) return chunks();
    const std::size_t size = length_.value_or(0);
    if (wire_.size() - at_ < size) return std::nullopt;
    return Read{std::string(wire_.substr(at_, size)), at_ + size};
  }

 private:
  std::optional<std::string> line() {
    std::string text;
    while (at_ < wire_.size()) {
      const char c = wire_[at_++];
      const bool crlf = c == '\r' && at_ < wire_.size() && wire_[at_] == '\n';
      if (crlf) ++at_;
      if (crlf || (c == '\n' && how_.lf_ends_a_line) || (c == '\r' && how_.cr_ends_a_line)) {
        return text;
      }
      text += c;
    }
    return std::nullopt;
  }

  bool fields() {
    std::string field;
    for (;;) {
      const auto next = line();
      if (!next) return false;
      const bool folded =
          how_.unfolds && !next->empty() && (next->front() == ' ' || next->front() == '\t');
      if (folded) {
        field += *next;
        continue;
      }
      take(field);
      field = *next;
      if (field.empty()) return true;
    }
  }

  void take(const std::string& field) {
    const std::size_t colon = field.find(':');
    if (colon == std::string::npos) return;
    std::string name = field.substr(0, colon);
    if (how_.trims_names) name = trimmed(name);
    const std::string value = trimmed(field.substr(colon + 1));
    if (equals_ignoring_case(name, "content-length") && (!length_ || how_.last_length_wins)) {
      length_ = std::strtoull(value.c_str(), nullptr, 10);
    }
    if (equals_ignoring_case(name, "transfer-encoding")) {
      chunked_ = chunked_ || (how_.any_mention_of_chunked ? mentions_chunked(value)
                                                          : equals_ignoring_case(value, "chunked"));
    }
  }

  std::optional<Read> chunks() {
    Read read;
    for (;;) {
      const auto size_line = line();
      if (!size_line) return std::nullopt;
      std::string digits = size_line->substr(0, size_line->find(';'));
      if (!how_.chunk_size_stops_at_junk &&
          digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) {
        return std::nullopt;
      }
      const std::size_t size = std::strtoull(digits.c_str(), nullptr, 16);
      if (size == 0) break;
      if (wire_.size() - at_ < size) return std::nullopt;
      read.body += wire_.substr(at_, size);
      at_ += size;
      if (!line()) return std::nullopt;
    }
    for (auto trailer = line();; trailer = line()) {
      if (!trailer) return std::nullopt;
      if (trailer->empty()) break;
    }
    read.end = at_;
    return read;
  }

  const Careless how_;
  const std::string_view wire_;
  std::size_t at_ = 0;
  std::optional<std::size_t> length_;
  bool chunked_ = false;
};

TEST(CarelessReaders, DisagreeAboutWhatTheCodecRefuses) {
  const std::string head = "POST / HTTP/1.1\r\nHost: h\r\n";
  for (const std::string& smuggling : {
           head + "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
           head + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
           head + "X: \nContent-Length: 2\r\n\r\nab",
           head + "X: \rContent-Length: 2\r\n\r\nab",
           head + "Content-Length : 2\r\n\r\nab",
           head + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
       }) {
    const auto strict = CarelessReader(kReaders[0], smuggling).read();
    const bool all_agree =
        std::all_of(std::begin(kReaders), std::end(kReaders),
                    [&](const auto& r) { return CarelessReader(r, smuggling).read() == strict; });
    EXPECT_FALSE(all_agree) << smuggling;
    EXPECT_NE(request_verdict(smuggling), "accepted") << smuggling;
  }
}

// ---- Mutations --------------------------------------------------------------------------------

// The first request of a wire text as the codec saw it.
struct Accepted {
  RequestHead head;
  std::string body;
  Headers trailers;
  std::size_t end = 0;
};

class FirstRequest final : public codec::ServerEvents {
 public:
  void on_request(codec::StreamId stream, RequestHead& head) override {
    if (stream == 1) accepted.head = head;
  }
  void on_request_body(codec::StreamId stream, Bytes bytes) override {
    if (stream == 1) accepted.body.append(bytes);
  }
  void on_request_trailers(codec::StreamId stream, const Headers& trailers) override {
    if (stream == 1) accepted.trailers = trailers;
  }
  void on_request_end(codec::StreamId) override { whole = true; }
  void on_request_error(codec::StreamId, const RequestHead&, Error) override { refused = true; }

  Accepted accepted;
  bool whole = false;
  bool refused = false;
};

std::optional<Accepted> first_request(std::string_view wire) {
  FirstRequest events;
  StringSink sink;
  codec::Http1ServerCodec server(events, sink, {});
  const std::size_t end = server.feed(Piece(wire).bytes());
  EXPECT_FALSE(events.whole && events.refused);
  if (!events.whole) return std::nullopt;
  events.accepted.end = end;
  return std::move(events.accepted);
}

std::string rewritten(const Accepted& request) {
  StringSink sink;
  ClientLines unused;
  codec::Http1ClientCodec client(unused, sink, {});
  const codec::StreamId stream = client.send_head(request.head);
  client.send_body(stream, request.body);
  if (!request.trailers.empty()) client.send_trailers(stream, request.trailers);
  client.send_end(stream);
  return sink.text;
}

const std::vector<std::string>& seeds() {
  static const std::vector<std::string> kSeeds{
      "GET /a?b=c HTTP/1.1\r\nHost: shop.test\r\nAccept: */*\r\nX-Empty:\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 11\r\nX: y\r\n\r\nhello\r\n\r\nab",
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\nX: y\r\n\r\n"
      "5;a=b\r\nhello\r\nA\r\n0123456789\r\n0\r\nX-Sum: 1\r\n\r\n",
      "PUT http://h:80/x HTTP/1.1\r\nHost: h\r\nConnection: close, x\r\nContent-Length: "
      "2\r\n\r\nab",
      "POST /b HTTP/1.0\r\nContent-Length: 3\r\nConnection: keep-alive\r\n\r\nabc",
      "OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
  };
  return kSeeds;
}

const std::vector<std::string>& splices() {
  static const std::vector<std::string> kSplices{"\r\n",
                                                 "\n",
                                                 "\r",
                                                 " ",
                                                 "\t",
                                                 ":",
                                                 ",",
                                                 ";",
                                                 std::string(1, '\0'),
                                                 "\x7f",
                                                 "\xff",
                                                 "0",
                                                 "1",
                                                 "\r\n ",
                                                 "\r\n\r\n",
                                                 "Content-Length: 3\r\n",
                                                 "Transfer-Encoding: chunked\r\n",
                                                 "Transfer-Encoding",
                                                 "chunked",
                                                 "\x0b",
                                                 "\r\nTransfer-Encoding: chunked",
                                                 "GET / HTTP/1.1\r\n",
                                                 "HTTP/1.0",
                                                 "Host: g\r\n",
                                                 "0\r\n\r\n",
                                                 "#",
                                                 "=\"",
                                                 "ffffffffffffffff"};
  return kSplices;
}

std::string mutated(Random& random) {
  std::string wire = seeds()[up_to(random, seeds().size() - 1)];
  for (std::size_t times = 1 + up_to(random, 3); times > 0; --times) {
    const std::size_t at = up_to(random, wire.size());
    switch (up_to(random, 5)) {
      case 0:
        wire.insert(at, splices()[up_to(random, splices().size() - 1)]);
        break;
      case 1:
        wire.erase(at, 1 + up_to(random, 3));
        break;
      case 2:
        wire.insert(at, 1, static_cast<char>(up_to(random, 255)));
        break;
      case 3:
        wire.insert(at, wire.substr(up_to(random, wire.size()), up_to(random, 30)));
        break;
      case 4:
        if (at < wire.size()) wire[at] = static_cast<char>(up_to(random, 255));
        break;
      default: {
        const std::string& splice = splices()[up_to(random, splices().size() - 1)];
        wire.replace(at, std::min(splice.size(), wire.size() - at), splice);
      }
    }
  }
  return wire;
}

void expect_one_reading(std::string_view wire, const Accepted& request) {
  for (const Careless& reader : kReaders) {
    const auto read = CarelessReader(reader, wire).read();
    ASSERT_TRUE(read) << wire;
    ASSERT_EQ(read->body, request.body) << wire;
    ASSERT_EQ(read->end, request.end) << wire;
  }
}

TEST(Mutations, WhatIsAcceptedHasOneReadingAndIsPassedOnEqual) {
  Random random = seeded_random();
  int accepted = 0;
  for (int i = 0; i < kMutations && !HasFatalFailure(); ++i) {
    const std::string wire = mutated(random);
    const auto request = first_request(wire);
    if (!request) continue;
    ++accepted;
    expect_one_reading(wire, *request);
    const std::string passed_on = rewritten(*request);
    const auto again = first_request(passed_on);
    if (!again) {
      // An HTTP/1.0 request without Host has none to pass on.
      ASSERT_TRUE(request->head.authority.empty()) << wire << "\n--\n" << passed_on;
      continue;
    }
    ASSERT_EQ(again->end, passed_on.size()) << wire;
    ASSERT_EQ(again->body, request->body) << wire;
    ASSERT_EQ(again->head.target, request->head.target) << wire;
    ASSERT_EQ(again->head.method_text.view(), request->head.method_text.view()) << wire;
    expect_one_reading(passed_on, *again);
  }
  EXPECT_GT(accepted, kMutations / 20);
}

TEST(Mutations, GiveTheSameEventsHoweverTheyAreCut) {
  Random random = seeded_random();
  for (int i = 0; i < kRecuts && !HasFailure(); ++i) (void)request_lines(mutated(random));
}

TEST(Mutations, OfResponsesGiveTheSameEventsHoweverTheyAreCut) {
  Random random = seeded_random();
  for (int i = 0; i < kRecuts && !HasFailure(); ++i) {
    std::string wire = mutated(random);
    wire.replace(0, wire.find("\r\n") + 2, "HTTP/1.1 200 OK\r\n");
    (void)response_lines(wire, Method::get, i % 2 == 0);
  }
}

}  // namespace
}  // namespace banyan::test
