// A client's HTTP/2 connection through a real worker.
#include "proxy/downstream/http2_connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/http2_frames.h"
#include "tests/support/proxy_fixture.h"

namespace banyan::downstream {
namespace {

using namespace test::http2;
using test::Peer;
using test::response;

class Http2ConnectionTest : public test::ProxyTest {
 protected:
  void connect() {
    c = client();
    c->send(std::string(kPreface) + settings() + settings_ack());
  }
  static std::string get(std::uint32_t stream, const std::string& path) {
    return headers(stream,
                   {{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", path}},
                   kEndStream);
  }
  // Bodies, resets and GOAWAYs that came, as "1 body", "3 reset 2", "goaway 1 0".
  std::vector<std::string>& told() {
    for (const Frame& f : reader.read(c->take())) {
      const std::string stream = std::to_string(f.stream);
      if (f.type == kHeaders) (void)reader.fields(f);
      if (f.type == kData) texts.push_back(stream + " " + f.payload);
      if (f.type == kRstStream) texts.push_back(stream + " reset " + std::to_string(f.code()));
      if (f.type == kGoaway) {
        texts.push_back("goaway " + std::to_string(f.number_at(0)) + " " +
                        std::to_string(f.code()));
      }
    }
    return texts;
  }
  [[nodiscard]] bool wait_for(const std::string& text) {
    return run_until([&] {
      const std::vector<std::string>& all = told();
      return std::find(all.begin(), all.end(), text) != all.end();
    });
  }

  std::unique_ptr<Peer> c;
  Reader reader;
  std::vector<std::string> texts;
};

TEST_F(Http2ConnectionTest, StreamsAreAnsweredInTheOrderOfTheirAnswers) {
  serve();
  connect();
  c->send(get(1, "/orders/1") + get(3, "/orders/3"));
  const auto first = accepted(legacy);
  const auto second = accepted(legacy);
  EXPECT_THAT(take_head(*first), testing::StartsWith("GET /orders/1 HTTP/1.1\r\nHost: h\r\n"));
  EXPECT_THAT(take_head(*second), testing::StartsWith("GET /orders/3 HTTP/1.1\r\n"));
  second->send(response("three"));
  ASSERT_TRUE(wait_for("3 three"));
  first->send(response("one"));
  ASSERT_TRUE(wait_for("1 one"));
  EXPECT_EQ(all_requests(), 2);
  EXPECT_EQ(connections(), 1);
}

TEST_F(Http2ConnectionTest, CutEndsEveryExchangeAndCountsThem) {
  serve();
  connect();
  c->send(get(1, "/orders/1") + get(3, "/orders/3") + get(5, "/nowhere"));
  ASSERT_TRUE(wait_for("5 no_route\n"));
  EXPECT_EQ(worker.cut(), 2U);
  EXPECT_EQ(errors(ErrorCode::draining), 2);
  EXPECT_EQ(connections(), 0);
  EXPECT_TRUE(run_until([&] { return c->was_reset() || c->ended(); }));
}

TEST_F(Http2ConnectionTest, AClientThatGoesAwayEndsItsExchanges) {
  serve();
  connect();
  c->send(get(1, "/orders/1") + get(3, "/orders/3"));
  const auto up = accepted(legacy);
  take_head(*up);
  c->reset();
  EXPECT_TRUE(
      run_until([&] { return errors(ErrorCode::client_closed) == 2 && connections() == 0; }));
  EXPECT_TRUE(run_until([&] { return up->was_reset() || up->ended(); }));
}

TEST_F(Http2ConnectionTest, FinishEndsAnIdleConnectionAtOnceAndABusyOneWithItsStreams) {
  serve();
  connect();
  c->send(get(1, "/orders/1"));
  const auto up = accepted(legacy);
  take_head(*up);
  bool finished = false;
  worker.finish([&] { finished = true; });
  ASSERT_TRUE(wait_for("goaway 1 0"));
  EXPECT_FALSE(finished);
  up->send(response("one"));
  ASSERT_TRUE(wait_for("1 one"));
  EXPECT_TRUE(run_until([&] { return c->ended(); }));
  c->close();
  EXPECT_TRUE(run_until([&] { return finished; }));
}

TEST_F(Http2ConnectionTest, AStreamBeginsWithTheSettingsOfItsTime) {
  serve();
  connect();
  c->send(get(1, "/orders/1"));
  const auto up = accepted(legacy);
  EXPECT_THAT(take_head(*up), testing::Not(testing::HasSubstr("via:")));
  up->send(response("one"));
  ASSERT_TRUE(wait_for("1 one"));
  snapshot.listeners[0].via = true;
  serve();
  c->send(get(3, "/orders/3"));
  EXPECT_THAT(take_head(*up), testing::HasSubstr("via: 2.0 banyan\r\n"));
}

TEST_F(Http2ConnectionTest, ThePrefaceMayComeInPieces) {
  serve();
  c = client();
  for (const char byte : std::string(kPreface)) {
    c->send({&byte, 1});
    turn();
  }
  c->send(settings() + get(1, "/nowhere"));
  EXPECT_TRUE(wait_for("1 no_route\n"));
}

}  // namespace
}  // namespace banyan::downstream
