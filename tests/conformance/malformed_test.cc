// Messages with one rule of the grammar broken, rule by rule and byte by byte: the codec refuses
// them, or a strict reader understands them just as the codec did; however the bytes are cut.
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/strict_reader.h"
#include "tests/support/codec_feed.h"

namespace banyan::test {
namespace {

constexpr std::string_view kNext = "GET /next HTTP/1.1\r\nHost: n\r\n\r\n";

const std::vector<std::string>& requests() {
  static const std::vector<std::string> kAll{
      "GET /a?b=c HTTP/1.1\r\nHost: h\r\nX-A: b\r\n\r\n",
      "POST /a HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc",
      "POST /a HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3;x=y\r\nabc\r\n0\r\nX-T: u\r\n\r\n",
  };
  return kAll;
}

const std::vector<std::string>& responses() {
  static const std::vector<std::string> kAll{
      "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nX-T: u\r\n\r\n",
  };
  return kAll;
}

// ---- What is judged ---------------------------------------------------------------------------

// Every message of `wire` that the codec called whole, as it was understood.
struct Whole {
  std::string body;
  std::size_t end = 0;
};

class Requests final : public codec::ServerEvents {
 public:
  void on_request(codec::StreamId, RequestHead& head) override {
    all.emplace_back();
    heads.push_back(head);
  }
  void on_request_body(codec::StreamId, Bytes bytes) override { all.back().body.append(bytes); }
  void on_request_trailers(codec::StreamId, const Headers&) override {}
  void on_request_end(codec::StreamId stream) override { ended = stream; }
  void on_request_error(codec::StreamId, const RequestHead&, Error) override { refused = true; }
  std::vector<Whole> all;
  std::vector<RequestHead> heads;
  codec::StreamId ended = 0;
  bool refused = false;
};

std::vector<Whole> read_requests(std::string_view wire, std::vector<RequestHead>& heads) {
  Requests events;
  StringSink sink;
  codec::Http1ServerCodec server(events, sink, {});
  std::size_t at = 0;
  std::vector<Whole> whole;
  while (at < wire.size()) {
    at += server.feed(Piece(wire.substr(at)).bytes());
    if (events.ended == 0) break;
    events.all.back().end = at;
    whole.push_back(events.all.back());
    answer(server, std::exchange(events.ended, 0));
    if (server.must_close()) break;
  }
  heads = std::move(events.heads);
  return whole;
}

// `written`: what the codec passes on of a request it took.
std::string written(const RequestHead& head, std::string_view body) {
  StringSink sink;
  ClientLines unused;
  codec::Http1ClientCodec client(unused, sink, {});
  const codec::StreamId stream = client.send_head(head);
  client.send_body(stream, body);
  client.send_end(stream);
  return sink.text;
}

// False where the first message was refused.
bool judge_request(const std::string& message) {
  const std::string wire = message + std::string(kNext);
  std::vector<RequestHead> heads;
  const std::vector<Whole> whole = read_requests(wire, heads);
  std::size_t begin = 0;
  for (std::size_t i = 0; i < whole.size(); ++i) {
    const auto strict = StrictReader(std::string_view(wire).substr(begin)).read_request();
    EXPECT_TRUE(strict) << "accepted: " << wire;
    if (!strict) return true;
    EXPECT_EQ(strict->body, whole[i].body) << wire;
    EXPECT_EQ(begin + strict->end, whole[i].end) << wire;
    const std::string onwards = written(heads[i], whole[i].body);
    const auto again = StrictReader(onwards).read_request();
    EXPECT_TRUE(again) << onwards;
    if (again) {
      EXPECT_EQ(again->body, whole[i].body) << onwards;
      EXPECT_EQ(again->end, onwards.size()) << onwards;
    }
    begin = whole[i].end;
  }
  return !whole.empty();
}

bool judge_response(const std::string& wire) {
  const Lines lines = client_lines(wire, {}, Method::get, true);
  if (verdict(lines) != "accepted") return false;
  std::string body;
  for (const std::string& l : lines) {
    if (l.starts_with("body 1 ")) body = l.substr(7);
  }
  const auto strict = StrictReader(wire).read_response();
  EXPECT_TRUE(strict) << "accepted: " << wire;
  if (strict) {
    EXPECT_EQ(strict->body, body) << wire;
    const bool rest = strict->end != wire.size();
    EXPECT_TRUE(!rest || lines.back() == "not reusable") << wire;
  }
  return true;
}

// Byte by byte; one in kCutEverywhere is also cut in two at every place, which one differs from run
// to run (script/test --full: all of them).
constexpr std::size_t kCutEverywhere = 16;

void expect_the_same_however_cut(const std::string& wire, bool response) {
  const auto run = [&](const Cuts& cuts) {
    return response ? client_lines(wire, cuts, Method::get, true) : server_lines(wire, cuts);
  };
  const Lines whole = run({});
  ASSERT_EQ(run(Cuts(wire.size(), 1)), whole) << wire;
  static std::mt19937_64 random = seeded_random();
  static const bool all = std::getenv("BANYAN_FULL") != nullptr;
  if (!all && random() % kCutEverywhere != 0) return;
  for (std::size_t at = 1; at < wire.size(); ++at)
    ASSERT_EQ(run({at}), whole) << at << ": " << wire;
}

// ---- Rules, broken in turn --------------------------------------------------------------------

struct Field {
  std::size_t begin;
  std::size_t colon;
  std::size_t end;  // of its CRLF
};

std::vector<Field> fields_of(std::string_view message) {
  std::vector<Field> all;
  const std::size_t head_end = message.find("\r\n\r\n") + 2;
  for (std::size_t at = message.find("\r\n") + 2; at < head_end;) {
    const std::size_t crlf = message.find("\r\n", at);
    all.push_back({at, message.find(':', at), crlf + 2});
    at = crlf + 2;
  }
  return all;
}

std::string with(std::string_view message, std::size_t at, std::size_t size,
                 std::string_view text) {
  return std::string(message.substr(0, at)) + std::string(text) +
         std::string(message.substr(at + size));
}

bool is_tchar(int c) {
  return std::isalnum(c) != 0 ||
         std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
}

// RFC 9112 §5 and RFC 9110 §5.1, §5.5: each is wrong whatever the field.
std::vector<std::string> with_a_broken_field(std::string_view message) {
  std::vector<std::string> all;
  for (const Field& f : fields_of(message)) {
    for (int c = 0; c < 256; ++c) {
      const std::string one(1, static_cast<char>(c));
      const bool token = c < 128 && is_tchar(c);
      if (!token && c != ':') {
        for (const std::size_t at : {f.begin, f.begin + 1, f.colon}) {
          all.push_back(with(message, at, 0, one));
        }
      }
      const bool control = (c < 0x20 && c != '\t') || c == 0x7F;
      if (control) {
        for (const std::size_t at : {f.colon + 1, f.colon + 3}) {
          all.push_back(with(message, at, 0, one));
        }
      }
    }
    all.push_back(with(message, f.colon, 1, ""));                            // no colon
    all.push_back(with(message, f.begin, f.colon - f.begin, ""));            // no name
    all.push_back(with(message, f.end - 2, 2, "\n"));                        // LF alone
    all.push_back(with(message, f.end - 2, 2, "\r"));                        // CR alone
    all.push_back(with(message, f.end - 2, 2, "\r\r\n"));                    //
    all.push_back(with(message, f.end - 2, 2, "\n\r"));                      //
    all.push_back(with(message, f.end, 0, " folded\r\n"));                   // obs-fold
    all.push_back(with(message, f.end, 0, "\tfolded\r\n"));                  //
    all.push_back(with(message, f.end, 0, "\r\n").substr(0, f.end) + "\n");  // the blank line
  }
  return all;
}

// RFC 9112 §7.1
std::vector<std::string> with_a_broken_chunk(std::string_view message) {
  std::vector<std::string> all;
  const std::size_t body = message.find("\r\n\r\n") + 4;
  const std::string head(message.substr(0, body));
  const std::string end = "0\r\n\r\n";
  for (int c = 0; c < 256; ++c) {
    const std::string one(1, static_cast<char>(c));
    const bool hex = c < 128 && std::isxdigit(c) != 0;
    if (!hex) all.push_back(head + one + "3\r\nabc\r\n" + end);
    if (!hex && c != ';') all.push_back(head + "3" + one + "\r\nabc\r\n" + end);
    if (!hex) all.push_back(head + one + "\r\nabc\r\n" + end);
    if (c != '\r') {
      all.push_back(head + "3\r\nabc" + one + "\n" + end);
      all.push_back(head + "3" + one + "\nabc\r\n" + end);
      all.push_back(head + "3\r\nabc\r\n0" + one + "\n\r\n");
    }
    if (c != '\n') {
      all.push_back(head + "3\r\nabc\r" + one + end);
      all.push_back(head + "3\r" + one + "abc\r\n" + end);
      all.push_back(head + "3\r\nabc\r\n0\r" + one + "\r\n");
      all.push_back(head + "3\r\nabc\r\n0\r\n\r" + one);
    }
    const bool control = (c < 0x20 && c != '\t') || c == 0x7F;
    if (control) all.push_back(head + "3;x=" + one + "\r\nabc\r\n" + end);
  }
  for (const std::string_view size :
       {"0x3", "+3", "-3", "3.0", "3h", "3 ", " 3", "03 ", "1_0", "10000000000000000",
        "FFFFFFFFFFFFFFFF", "8000000000000000", "fffffffffffffffff", "3,3", "3\"", "\"3\""}) {
    all.push_back(head + std::string(size) + "\r\nabc\r\n" + end);
  }
  for (const std::string_view bad : {"Content-Length: 3", "Transfer-Encoding: chunked", "Host: h",
                                     "X : y", ": y", "X", "X: a\r\n b", "X: a\nY: b", "X: a\rb"}) {
    all.push_back(head + "3\r\nabc\r\n0\r\n" + std::string(bad) + "\r\n\r\n");
  }
  return all;
}

TEST(Malformed, Rfc9112Section5ABrokenFieldOfARequestIsRefusedHoweverItIsCut) {
  std::size_t count = 0;
  for (const std::string& request : requests()) {
    for (const std::string& broken : with_a_broken_field(request)) {
      EXPECT_FALSE(judge_request(broken)) << broken;
      ASSERT_NO_FATAL_FAILURE(expect_the_same_however_cut(broken, false));
      ++count;
    }
  }
  EXPECT_GT(count, 1'000U);
}

TEST(Malformed, Rfc9112Section5ABrokenFieldOfAResponseIsRefusedHoweverItIsCut) {
  std::size_t count = 0;
  for (const std::string& response : responses()) {
    for (const std::string& broken : with_a_broken_field(response)) {
      EXPECT_FALSE(judge_response(broken)) << broken;
      ASSERT_NO_FATAL_FAILURE(expect_the_same_however_cut(broken, true));
      ++count;
    }
  }
  EXPECT_GT(count, 500U);
}

TEST(Malformed, Rfc9112Section71ABrokenChunkIsRefusedHoweverItIsCut) {
  std::size_t count = 0;
  for (const bool response : {false, true}) {
    for (const std::string& broken :
         with_a_broken_chunk(response ? responses().back() : requests().back())) {
      EXPECT_FALSE(response ? judge_response(broken) : judge_request(broken)) << broken;
      ASSERT_NO_FATAL_FAILURE(expect_the_same_however_cut(broken, response));
      ++count;
    }
  }
  EXPECT_GT(count, 2'000U);
}

// Every byte deleted, replaced by and preceded by every other: what is then still accepted has one
// reading.
template <class Judge>
std::size_t accepted_of_all_edits(const std::string& message, Judge judge) {
  std::size_t accepted = 0;
  for (std::size_t at = 0; at < message.size() && !::testing::Test::HasFailure(); ++at) {
    accepted += judge(with(message, at, 1, "")) ? 1U : 0U;
    for (int c = 0; c < 256; ++c) {
      const std::string one(1, static_cast<char>(c));
      accepted += judge(with(message, at, 1, one)) ? 1U : 0U;
      accepted += judge(with(message, at, 0, one)) ? 1U : 0U;
    }
  }
  return accepted;
}

TEST(Malformed, EveryEditOfARequestIsRefusedOrHasOneReading) {
  for (const std::string& request : requests()) {
    EXPECT_GT(accepted_of_all_edits(request, judge_request), 0U) << request;
  }
}

TEST(Malformed, EveryEditOfAResponseIsRefusedOrHasOneReading) {
  for (const std::string& response : responses()) {
    EXPECT_GT(accepted_of_all_edits(response, judge_response), 0U) << response;
  }
}

TEST(StrictReader, ReadsWhatIsRight) {
  for (const std::string& request : requests()) {
    EXPECT_TRUE(judge_request(request)) << request;
    const auto read = StrictReader(request).read_request();
    ASSERT_TRUE(read) << request;
    EXPECT_EQ(read->end, request.size());
  }
  for (const std::string& response : responses()) {
    EXPECT_TRUE(judge_response(response)) << response;
    EXPECT_EQ(StrictReader(response).read_response()->body, "abc");
  }
}

}  // namespace
}  // namespace banyan::test
