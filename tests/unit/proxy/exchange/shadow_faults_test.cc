// Every way in which a shadow's upstream fails, at every stage: the client's answer is the same to
// the byte, and the pair ends once, with the right word.
#include <array>

#include "tests/unit/proxy/exchange/shadow_fixture.h"

namespace banyan::exchange {
namespace {

enum class Fault : std::uint8_t { closes, resets, stalls };

struct Row {
  const char* what;
  std::string_view says;  // before the fault
  Fault fault;
  std::string_view outcome;
};

constexpr std::string_view kHead = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n";
constexpr std::string_view kInBody = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npri";
constexpr std::string_view kInChunk =
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\npri";

constexpr std::array kRows{
    Row{"closes before its head", "", Fault::closes, "reset"},
    Row{"resets before its head", "", Fault::resets, "reset"},
    Row{"stalls before its head", "", Fault::stalls, "timed_out"},
    Row{"speaks no HTTP", "garbage\r\n\r\n", Fault::stalls, "malformed"},
    Row{"closes in its head", "HTTP/1.1 200 OK\r\nConten", Fault::closes, "reset"},
    Row{"resets in its head", "HTTP/1.1 200 OK\r\nConten", Fault::resets, "reset"},
    Row{"stalls in its head", "HTTP/1.1 200 OK\r\nConten", Fault::stalls, "timed_out"},
    Row{"has garbage in its head", "HTTP/1.1 200 OK\r\n\x01:\r\n\r\n", Fault::stalls, "malformed"},
    Row{"closes before its body", kHead, Fault::closes, "cut_off"},
    Row{"resets before its body", kHead, Fault::resets, "cut_off"},
    Row{"stalls before its body", kHead, Fault::stalls, "timed_out"},
    Row{"closes in its body", kInBody, Fault::closes, "cut_off"},
    Row{"resets in its body", kInBody, Fault::resets, "cut_off"},
    Row{"stalls in its body", kInBody, Fault::stalls, "timed_out"},
    Row{"closes in a chunk", kInChunk, Fault::closes, "cut_off"},
    Row{"resets in a chunk", kInChunk, Fault::resets, "cut_off"},
    Row{"stalls in a chunk", kInChunk, Fault::stalls, "timed_out"},
    Row{"has garbage for a chunk",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7\r\nprimaryX", Fault::stalls,
        "malformed"},
};

class ShadowFaults : public ShadowTest, public testing::WithParamInterface<Row> {
 protected:
  // What the report says of the shadow; empty while it says nothing.
  std::string told() {
    const auto report = differences.report({"orders"});
    if (report[0].endpoints.empty() || report[0].endpoints[0].places.empty()) return {};
    const shadow::Place& place = report[0].endpoints[0].places[0];
    EXPECT_EQ(place.count, 1U);
    EXPECT_EQ(place.kind, shadow::Kind::no_answer);
    EXPECT_EQ(place.samples.at(0).left, "200");
    return place.samples[0].right;
  }
};

TEST_P(ShadowFaults, ChangesNothingForTheClientAndEndsOnce) {
  const Row& row = GetParam();
  snapshot.migrations[0].shadow->timeout = Milliseconds(100);
  serve();
  exchange(get("/orders/1"));
  auto copy = accepted(monolith);
  take_head(*copy);
  if (!row.says.empty()) copy->send(row.says);
  turn();
  if (row.fault == Fault::closes) copy->close();
  if (row.fault == Fault::resets) copy->reset();
  EXPECT_TRUE(run_until([&] { return !told().empty(); }));
  EXPECT_EQ(told(), row.outcome);
  EXPECT_EQ(verdicts(Verdict::mismatch), 1);
  expect_everything_given_back();
  // The connection of the client and its primary goes on as if nothing had been.
  exchange(get("/orders/2"));
}

INSTANTIATE_TEST_SUITE_P(Table, ShadowFaults, testing::ValuesIn(kRows), [](const auto& row) {
  std::string name;
  for (const char* c = row.param.what; *c != '\0'; ++c) name += *c == ' ' ? '_' : *c;
  return name;
});

// Before there is a connection.
TEST_F(ShadowTest, ThatCanNotConnectIsToldSo) {
  monolith.close();
  serve();
  exchange(get("/orders/1"));
  EXPECT_TRUE(run_until([&] { return verdicts(Verdict::mismatch) == 1; }));
  EXPECT_TRUE(run_until([&] { return !differences.report({"orders"})[0].endpoints.empty(); }));
  EXPECT_EQ(differences.report({"orders"})[0].endpoints[0].places.at(0).samples.at(0).right,
            "refused");
  expect_everything_given_back();
}

}  // namespace
}  // namespace banyan::exchange
