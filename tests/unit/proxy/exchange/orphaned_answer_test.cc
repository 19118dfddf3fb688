// A client that leaves does not change what is compared: the primary's answer is read on for it.
#include "proxy/exchange/orphaned_answer.h"

#include "tests/unit/proxy/exchange/shadow_fixture.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";

class OrphanedAnswerTest : public ShadowTest {
 protected:
  config::Shadow& settings() { return *snapshot.migrations[0].shadow; }
  // The client asks, the primary and the shadow have the request, the shadow has answered.
  void ask(std::string_view request = "GET /orders/1 HTTP/1.1\r\nHost: h\r\n\r\n") {
    c = client();
    c->send(request);
    up = accepted(legacy);
    take_head(*up);
    if (copy == nullptr) copy = accepted(monolith);  // kept
    take_head(*copy);
    copy->send(response("primary"));
  }
  void leave() {
    c->reset();
    EXPECT_TRUE(run_until([&] { return errors(ErrorCode::client_closed) == 1; }));
  }
  bool settled(Verdict verdict) {
    return run_until([&] { return verdicts(verdict) == 1; });
  }
  void expect_let_go() {
    EXPECT_TRUE(run_until([&] { return up->received(), up->over(); }));
    EXPECT_TRUE(up->was_reset());
    expect_everything_given_back();
    EXPECT_EQ(ledger.orphans, 0U);
  }

  std::unique_ptr<Peer> copy;
};

TEST_F(OrphanedAnswerTest, IsReadOnWhereItIsAwaited) {
  serve();
  ask();
  leave();
  EXPECT_EQ(ledger.orphans, 1U);
  up->send(response("primary"));
  EXPECT_TRUE(settled(Verdict::match));
  EXPECT_EQ(ledger.orphans, 0U);
  expect_everything_given_back();
  EXPECT_EQ(requests(Arm::legacy, 0), 1);  // the client got nothing
  EXPECT_EQ(all_requests(), 1);
  EXPECT_EQ(requests(Arm::monolith, 200, Role::shadow), 1);
}

TEST_F(OrphanedAnswerTest, ThatDiffersIsAMismatch) {
  serve();
  ask();
  leave();
  up->send(response("another"));
  EXPECT_TRUE(settled(Verdict::mismatch));
}

TEST_F(OrphanedAnswerTest, IsReadOnFromItsMiddle) {
  serve();
  ask();
  up->send(std::string(kHead) + "pri");
  take_until(*c, "pri");
  leave();
  up->send("mary");
  EXPECT_TRUE(settled(Verdict::match));
  EXPECT_EQ(requests(Arm::legacy, 200), 1);  // which the client has seen
}

TEST_F(OrphanedAnswerTest, ReadToItsEndKeepsItsConnection) {
  serve();
  ask();
  leave();
  up->send(response("primary"));
  EXPECT_TRUE(settled(Verdict::match));
  c.reset();
  exchange(get("/orders/2"));  // over the same connection
  EXPECT_EQ(legacy.accept(), nullptr);
  EXPECT_EQ(upstream(0).connections_opened.read(), 1);
}

TEST_F(OrphanedAnswerTest, WaitsForASlowerShadowAsWell) {
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  copy = accepted(monolith);
  take_head(*copy);
  leave();
  up->send(response("primary"));
  EXPECT_TRUE(run_until([&] { return ledger.orphans == 0; }));
  copy->send(response("primary"));
  EXPECT_TRUE(settled(Verdict::match));
}

// The upstream was paused for a client that took nothing any more.
TEST_F(OrphanedAnswerTest, OfAClientThatDidNotReadGoesOn) {
  settings().budget_exchange = settings().budget_migration = 64 * 1024 * 1024;
  snapshot.shadow_budget = settings().budget_migration;
  snapshot.timeouts.idle = Milliseconds(200);
  serve();
  const std::string large(16 * 1024 * 1024, 'x');
  c = Peer::connected_to(port, 4096);
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  copy = accepted(monolith);
  take_head(*copy);
  std::string to_client = response(large), to_banyan = to_client;
  EXPECT_TRUE(run_until([&] {
    to_client.erase(0, up->send_some(to_client));
    to_banyan.erase(0, copy->send_some(to_banyan));
    return errors(ErrorCode::idle_timeout) == 1;
  }));
  EXPECT_FALSE(to_client.empty());
  EXPECT_TRUE(run_until([&] {
    to_client.erase(0, up->send_some(to_client));
    to_banyan.erase(0, copy->send_some(to_banyan));
    return verdicts(Verdict::match) == 1;
  }));
  expect_everything_given_back();
}

TEST_F(OrphanedAnswerTest, IsReadOnWithItsTrailers) {
  constexpr std::string_view kBegins = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  copy = accepted(monolith);
  take_head(*copy);
  leave();
  up->send(std::string(kBegins) + "0\r\nX-Sum: 1\r\n\r\n");
  copy->send(std::string(kBegins) + "0\r\nX-Sum: 2\r\n\r\n");
  EXPECT_TRUE(settled(Verdict::mismatch));
}

TEST_F(OrphanedAnswerTest, OfAWholeUploadIsReadOn) {
  settings().sampling.methods = {Method::post};
  serve();
  c = client();
  c->send(post("/orders", "hello"));
  up = accepted(legacy);
  take_until(*up, "hello");
  copy = accepted(monolith);
  take_until(*copy, "hello");
  leave();
  copy->send(response("primary"));
  up->send(response("primary"));
  EXPECT_TRUE(settled(Verdict::match));
}

// ---- what is not read on ----------------------------------------------------------------------

TEST_F(OrphanedAnswerTest, WithoutAShadowTheUpstreamIsLetGoAtOnce) {
  snapshot.migrations[0].shadow.reset();
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  leave();
  EXPECT_TRUE(run_until([&] { return up->received(), up->over(); }));
  EXPECT_TRUE(up->was_reset());
}

TEST_F(OrphanedAnswerTest, OfARequestWithoutAShadowIsLetGoAtOnce) {
  settings().sampling.millipercent = 0;
  serve();
  c = client();
  c->send(get("/orders/1"));
  up = accepted(legacy);
  take_head(*up);
  leave();
  expect_let_go();
}

TEST_F(OrphanedAnswerTest, OfHalfARequestIsLetGoAndHasNoShadow) {
  settings().sampling.methods = {Method::post};
  serve();
  c = client();
  c->send("POST /orders HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\nab");
  up = accepted(legacy);
  take_until(*up, "ab");
  leave();
  expect_let_go();
  EXPECT_EQ(skipped(Skip::not_sent), 1);
  EXPECT_EQ(monolith.accept(), nullptr);
}

// ---- what ends it -----------------------------------------------------------------------------

TEST_F(OrphanedAnswerTest, OverTheBudgetIsLetGo) {
  settings().budget_exchange = 4096;
  serve();
  ask();
  leave();
  up->send("HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\nx");
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_let_go();
}

TEST_F(OrphanedAnswerTest, IsWaitedForAsLongAsForAShadow) {
  settings().timeout = Milliseconds(100);
  serve();
  ask();
  leave();
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_let_go();
}

// Also where something comes all the time.
TEST_F(OrphanedAnswerTest, ThatTricklesIsWaitedForNoLonger) {
  settings().timeout = Milliseconds(100);
  serve();
  ask();
  up->send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
  take_head(*c);
  leave();
  EXPECT_TRUE(run_until(
      [&] { return up->send_some("1\r\nx\r\n"), verdicts(Verdict::not_comparable) == 1; }));
  EXPECT_TRUE(run_until([&] { return up->received(), up->over(); }));
  expect_everything_given_back();
}

TEST_F(OrphanedAnswerTest, IsHeldToTheUpstreamsTimeoutsAsBefore) {
  for (const bool in_body : {false, true}) {
    auto& timeouts = snapshot.timeouts;
    (in_body ? timeouts.idle : timeouts.response) = Milliseconds(100);
    (in_body ? timeouts.response : timeouts.idle) = Milliseconds(60'000);
    settings().timeout = Milliseconds(60'000);
    serve();
    ask();
    if (in_body) {
      up->send(kHead);
      take_head(*c);
    }
    const auto before = errors(ErrorCode::client_closed);
    c->reset();
    EXPECT_TRUE(run_until([&] { return errors(ErrorCode::client_closed) == before + 1; }));
    EXPECT_TRUE(run_until([&] { return verdicts(Verdict::not_comparable) == before + 1; }));
    expect_let_go();
  }
}

TEST_F(OrphanedAnswerTest, ThatBreaksOffIsNotComparable) {
  serve();
  ask();
  up->send(std::string(kHead) + "pri");
  take_until(*c, "pri");
  leave();
  up->close();
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_everything_given_back();
}

TEST_F(OrphanedAnswerTest, EndsWithADrain) {
  serve();
  ask();
  leave();
  bool done = false;
  worker.finish([&] { done = true; });
  EXPECT_TRUE(done);
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_let_go();
}

TEST_F(OrphanedAnswerTest, DoesNotBeginInADrain) {
  serve();
  ask();
  worker.start_drain();
  leave();
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_let_go();
}

TEST_F(OrphanedAnswerTest, EndsWithARollbackThatStopsItsShadow) {
  serve();
  ask();
  leave();
  latch.latched = true;
  worker.follow_latches();
  EXPECT_TRUE(settled(Verdict::not_comparable));
  expect_let_go();
}

TEST_F(OrphanedAnswerTest, OverTheirNumberIsLetGo) {
  settings().max_in_flight = 1;
  serve();
  ask();
  EXPECT_TRUE(run_until([&] { return ledger.in_flight == 0; }));  // the shadow has answered
  leave();
  auto first = std::move(up);
  ask();
  c->reset();
  EXPECT_TRUE(settled(Verdict::not_comparable));
  EXPECT_TRUE(run_until([&] { return up->received(), up->over(); }));
  EXPECT_EQ(ledger.orphans, 1U);
  first->send(response("primary"));
  EXPECT_TRUE(settled(Verdict::match));
  expect_everything_given_back();
}

// ---- the shadow that waits for the primary's request to leave ----------------------------------

class UnsentShadowTest : public test::LoopTest, public OrphanedAnswer::Owner {
 protected:
  class Stream final : public upstream::UpstreamStream {
   public:
    [[nodiscard]] bool ready() const override { return true; }
    [[nodiscard]] Tunnels tunnels() const override { return Tunnels::none; }
    void send_head(const RequestHead&) override {}
    void send_body(Bytes) override {}
    void send_trailers(const Headers&) override {}
    void send_end() override {}
    void end_tunnel() override {}
    void pause_reading() override {}
    void resume_reading() override { reads = true; }
    void report_to(upstream::StreamEvents& to) override { events = &to; }
    [[nodiscard]] std::size_t backlog() const override { return 1; }
    void release() override { released = true; }

    upstream::StreamEvents* events = nullptr;
    bool reads = false;
    bool released = false;
  };

  UnsentShadowTest() {
    auto snapshot = std::make_shared<config::Snapshot>();
    snapshot->migrations.emplace_back();
    snapshot->migrations[0].name = "orders";
    snapshot->migrations[0].shadow.emplace();
    auto made = std::make_shared<Plan>();
    made->process_ledger = &process_ledger;
    MigrationPlan& orders = made->migrations.emplace_back();
    orders.settings = snapshot->migrations.data();
    orders.slot = &latch;
    orders.legacy = orders.monolith = &cluster;
    orders.timeouts.fill(Waits(snapshot->timeouts));
    orders.stats = &stats;
    orders.ledger = &ledger;
    made->snapshot = std::move(snapshot);
    plan = std::move(made);
    OrphanedAnswer::Remains remains;
    remains.plan = plan;
    remains.started = loop.timers().now();
    remains.unsent.emplace();
    remains.recording = comparison::Recording(reservation_for(*plan, plan->migrations[0]));
    remains.lease = upstream::Lease(&stream);
    orphan = std::make_unique<OrphanedAnswer>(*this, loop, std::move(remains), CountedPlace());
    orphan->read_on();
  }
  void answer() {
    ResponseHead head;
    head.status = 200;
    stream.events->on_stream_response(head);
  }
  ShadowId launch(ShadowRequest&&) override { return ++launched, id; }
  void primary_finished(ShadowId of, comparison::Recording::Finished&& primary) override {
    EXPECT_EQ(of, id);
    finished = std::move(primary);
  }
  void on_orphan_over(OrphanedAnswer&) override { ++over; }

  comparison::Ledger ledger, process_ledger;
  routing::MigrationSlot latch;
  observe::MigrationStats stats;
  observe::UpstreamStats upstream_stats;
  upstream::Cluster cluster{loop, upstream_stats, {}};
  Stream stream;
  std::shared_ptr<const Plan> plan;
  ShadowId id = 7;
  int launched = 0;
  int over = 0;
  std::optional<comparison::Recording::Finished> finished;
  std::unique_ptr<OrphanedAnswer> orphan;
};

TEST_F(UnsentShadowTest, IsLaunchedWhenTheAnswerBegins) {
  EXPECT_TRUE(stream.reads);
  EXPECT_EQ(launched, 0);
  answer();
  EXPECT_EQ(launched, 1);
  stream.events->on_stream_body("ab");
  stream.events->on_stream_end();
  ASSERT_TRUE(finished);
  EXPECT_EQ(finished->response.outcome, shadow::Outcome::answered);
  EXPECT_EQ(finished->response.body, "ab");
  EXPECT_TRUE(stream.released);
  EXPECT_EQ(over, 1);
}

TEST_F(UnsentShadowTest, ThatIsNotWantedAnyMoreEndsThePair) {
  id = 0;
  answer();
  EXPECT_EQ(launched, 1);
  EXPECT_FALSE(finished);
  EXPECT_TRUE(stream.released);
  EXPECT_EQ(over, 1);
}

TEST_F(UnsentShadowTest, OfAKeptConnectionThatWasJustClosedStrainsNothing) {
  stream.events->on_stream_error(
      {ErrorCode::upstream_reset, Side::upstream, Retry::if_repeatable, {}});
  EXPECT_EQ(over, 1);
  EXPECT_FALSE(cluster.strained());
}

TEST_F(UnsentShadowTest, ThatTheUpstreamDidNotProcessStrainsNothing) {
  stream.events->on_stream_error(
      {ErrorCode::upstream_reset, Side::upstream, Retry::unprocessed, {}});
  EXPECT_EQ(over, 1);
  EXPECT_FALSE(cluster.strained());
}

TEST_F(UnsentShadowTest, WithoutAConnectionIsAFailureOfTheUpstream) {
  stream.events->on_stream_error({ErrorCode::connect_refused, Side::upstream, Retry::safe, {}});
  EXPECT_EQ(over, 1);
  EXPECT_TRUE(cluster.strained());
}

TEST_F(UnsentShadowTest, OfAPrimaryThatNeverAnswersIsNotSent) {
  stream.events->on_stream_error({ErrorCode::upstream_reset, Side::upstream, Retry::unsafe, {}});
  EXPECT_EQ(launched, 0);
  EXPECT_FALSE(finished);
  EXPECT_EQ(stats
                .shadow_skipped[static_cast<std::size_t>(Arm::monolith)]
                               [static_cast<std::size_t>(Skip::not_sent)]
                .read(),
            1);
  EXPECT_EQ(over, 1);
  EXPECT_TRUE(cluster.strained());
}

}  // namespace
}  // namespace banyan::exchange
