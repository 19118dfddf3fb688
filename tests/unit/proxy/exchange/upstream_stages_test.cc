// Every stage of an exchange that an upstream can break at, and every way to break it: it ends
// once, with the right status, reason and count. (Before the head and inside a counted body:
// exchange_test.cc.)
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {
namespace {

using test::get;
using test::Peer;
using test::response;

void closes(Peer& up) { up.close(); }
void finishes(Peer& up) { up.finish(); }
void resets(Peer& up) { up.reset(); }
void stalls(Peer&) {}
void sends_garbage(Peer& up) { up.send("\x16\x03\x01 no HTTP\r\n\r\n"); }

struct Break {
  const char* name;
  void (*how)(Peer&);
  ErrorCode code;
};
void PrintTo(const Break& b, std::ostream* out) { *out << b.name; }

class StageTest : public test::ProxyTest, public ::testing::WithParamInterface<Break> {
 protected:
  StageTest() {
    snapshot.timeouts.response = Milliseconds(80);
    snapshot.timeouts.idle = Milliseconds(80);
    snapshot.upstreams[0].timeouts.request = Milliseconds(5'000);
  }
  // Exactly one exchange, one error, and no connection that is kept.
  void expect_one_end(ErrorCode code) {
    EXPECT_EQ(all_requests(), 1);
    for (std::size_t e = 0; e < kErrorCodeCount; ++e) {
      const auto each = static_cast<ErrorCode>(e);
      EXPECT_EQ(errors(each), each == code ? 1 : 0) << reason_of(each);
    }
    EXPECT_EQ(upstream(0).retries.read(), 0);
    EXPECT_TRUE(run_until([&] { return upstream(0).connections[0].read() == 0; }));
  }
  void expect_answer(Peer& c, ErrorCode code) {
    const std::string got = take_until(c, std::string(reason_of(code)) + "\n");
    EXPECT_NE(got.find("HTTP/1.1 " + std::to_string(status_of(code))), std::string::npos) << got;
    expect_one_end(code);
  }
  void expect_cut_off(Peer& c, ErrorCode code) {
    ASSERT_TRUE(run_until([&] { return c.received(), c.over(); }));
    EXPECT_TRUE(c.was_reset());
    EXPECT_FALSE(c.received().ends_with("0\r\n\r\n"));
    expect_one_end(code);
  }
};

const auto kName = [](const auto& b) { return std::string(b.param.name); };

// ---- the request is on its way ----------------------------------------------------------------

using DuringTheUpload = StageTest;

TEST_P(DuringTheUpload, EndsOnce) {
  serve();
  auto c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
  auto up = accepted(legacy);
  take_until(*up, "half");
  GetParam().how(*up);
  if (GetParam().how == stalls) c->send("an end");  // without it the client would be the late one
  expect_answer(*c, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Upstream, DuringTheUpload,
                         ::testing::Values(Break{"closes", closes, ErrorCode::upstream_reset},
                                           Break{"finishes", finishes, ErrorCode::upstream_reset},
                                           Break{"resets", resets, ErrorCode::upstream_reset},
                                           Break{"stalls", stalls, ErrorCode::response_timeout},
                                           Break{"sends_garbage", sends_garbage,
                                                 ErrorCode::upstream_malformed}),
                         kName);

// ---- an informational answer came -------------------------------------------------------------

using AfterAnInformationalAnswer = StageTest;

TEST_P(AfterAnInformationalAnswer, EndsOnce) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
  take_head(*c);
  GetParam().how(*up);
  expect_answer(*c, GetParam().code);
}

INSTANTIATE_TEST_SUITE_P(Upstream, AfterAnInformationalAnswer,
                         ::testing::Values(Break{"closes", closes, ErrorCode::upstream_reset},
                                           Break{"resets", resets, ErrorCode::upstream_reset},
                                           Break{"stalls", stalls, ErrorCode::response_timeout},
                                           Break{"sends_garbage", sends_garbage,
                                                 ErrorCode::upstream_malformed}),
                         kName);

// ---- the head came, no byte of its body -------------------------------------------------------

using AfterTheHead = StageTest;

TEST_P(AfterTheHead, EndsOnce) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  take_head(*c);
  GetParam().how(*up);
  expect_cut_off(*c, GetParam().code);
}

// ---- between two chunks -----------------------------------------------------------------------

using BetweenChunks = StageTest;

TEST_P(BetweenChunks, EndsOnce) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n");
  take_until(*c, "part\r\n");
  GetParam().how(*up);
  expect_cut_off(*c, GetParam().code);
}

// ---- before the last line of the trailers -----------------------------------------------------

using InTheTrailers = StageTest;

TEST_P(InTheTrailers, EndsOnce) {
  serve();
  auto c = client();
  c->send(get("/orders/1"));
  auto up = accepted(legacy);
  take_head(*up);
  up->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n0\r\nX-Sum: 1");
  take_until(*c, "part\r\n");
  GetParam().how(*up);
  expect_cut_off(*c, GetParam().code);
}

const auto kAfterTheHead =
    ::testing::Values(Break{"closes", closes, ErrorCode::upstream_cut_off},
                      Break{"finishes", finishes, ErrorCode::upstream_cut_off},
                      Break{"resets", resets, ErrorCode::upstream_cut_off},
                      Break{"stalls", stalls, ErrorCode::idle_timeout},
                      Break{"sends_garbage", sends_garbage, ErrorCode::upstream_malformed});
INSTANTIATE_TEST_SUITE_P(Upstream, AfterTheHead, kAfterTheHead, kName);
INSTANTIATE_TEST_SUITE_P(Upstream, BetweenChunks, kAfterTheHead, kName);
INSTANTIATE_TEST_SUITE_P(Upstream, InTheTrailers, kAfterTheHead, kName);

}  // namespace
}  // namespace banyan::exchange
