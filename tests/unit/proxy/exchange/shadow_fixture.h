// tests/unit/proxy/exchange/shadow_fixture.h: a worker that shadows everything, legacy first.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/support/proxy_fixture.h"

namespace banyan::exchange {

using shadow::Skip;
using shadow::Verdict;
using test::get;
using test::Peer;
using test::post;
using test::response;

class ShadowTest : public test::ProxyTest {
 protected:
  void SetUp() override { shadow_everything(); }

  // Sends `request`, lets legacy answer, and expects the client to get just that.
  void exchange(std::string_view request) {
    if (c == nullptr) c = client();
    c->send(request);
    if (up == nullptr) up = accepted(legacy);
    take_head(*up);
    up->send(response("primary"));
    EXPECT_EQ(take_until(*c, "primary"), "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nprimary");
  }
  void expect_everything_given_back() {
    EXPECT_TRUE(run_until([&] { return ledger.in_flight == 0; }));
    EXPECT_TRUE(run_until([&] { return ledger.bytes == 0 && process_ledger.bytes == 0; }));
  }
  // Serves. The monolith's end of the connection that the first copy came on, which is kept.
  std::unique_ptr<Peer> kept_copy() {
    serve();
    exchange(get("/orders/1"));
    auto copy = accepted(monolith);
    take_head(*copy);
    copy->send(response("primary"));
    expect_everything_given_back();
    return copy;
  }
  std::int64_t verdicts(Verdict verdict) {
    return compared()
        .comparisons[static_cast<std::size_t>(Arm::monolith)][static_cast<std::size_t>(verdict)]
        .read();
  }
  std::int64_t skipped(Skip skip) {
    const auto s = static_cast<std::size_t>(skip);
    return orders().shadow_skipped[0][s].read() + orders().shadow_skipped[1][s].read();
  }

  std::unique_ptr<Peer> c, up;
};

}  // namespace banyan::exchange
