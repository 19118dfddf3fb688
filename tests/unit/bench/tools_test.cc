#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "bench/tools/answer_check.h"
#include "bench/tools/origin_request.h"
#include "bench/tools/outcome.h"
#include "bench/tools/sample_body.h"

namespace banyan::bench {
namespace {

using State = AnswerCheck::State;

const std::string kAnswer =
    "HTTP/1.1 200 OK\r\nX-Served-By: legacy\r\nContent-Length: 4\r\n\r\nbody";

TEST(AnswerCheck, IsWholeAtTheLastByteHoweverTheAnswerIsCut) {
  const std::string expected = "body";
  AnswerCheck check(expected);
  for (std::size_t first = 0; first <= kAnswer.size(); ++first) {
    for (std::size_t second = first; second < kAnswer.size(); ++second) {
      const std::string_view answer = kAnswer;
      check.begin();
      EXPECT_EQ(check.feed(answer.substr(0, first)),
                first == kAnswer.size() ? State::kWhole : State::kReading);
      if (first == kAnswer.size()) continue;
      EXPECT_EQ(check.feed(answer.substr(first, second - first)), State::kReading);
      EXPECT_EQ(check.feed(answer.substr(second)), State::kWhole);
      EXPECT_EQ(check.served_by(), "legacy");
    }
  }
}

TEST(AnswerCheck, SeesEveryWrongByteOfABody) {
  const std::string expected = "body";
  for (std::size_t at = kAnswer.size() - 4; at < kAnswer.size(); ++at) {
    std::string answer = kAnswer;
    answer[at] = '!';
    AnswerCheck check(expected);
    check.begin();
    EXPECT_EQ(check.feed(answer), State::kWrong);
    EXPECT_EQ(check.problem(), "another body");
  }
}

TEST(OriginRequest, SaysWhatIsAskedFor) {
  const auto request = read_origin_request(
      "POST /bench/64 HTTP/1.1\r\nHost: x\r\ncontent-LENGTH: 7 \r\nX-Banyan-Shadow: shop\r\n");
  ASSERT_TRUE(request);
  EXPECT_EQ(request->answer_bytes, 64U);
  EXPECT_EQ(request->body_left, 7U);
  EXPECT_TRUE(request->is_shadow);
  EXPECT_FALSE(request->wants_counts || request->closes);
}

TEST(OriginRequest, IsNothingWhereTheOriginWouldHaveToGuess) {
  for (const std::string head :
       {"GET /bench/ HTTP/1.1\r\n", "GET /bench/1x HTTP/1.1\r\n", "GET /other HTTP/1.1\r\n",
        "GET\r\n", "GET /bench/1\r\n", "\r\n", "GET /bench/99999999999 HTTP/1.1\r\n",
        "POST /bench/1 HTTP/1.1\r\nContent-Length: -1\r\n",
        "POST /bench/1 HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"}) {
    EXPECT_FALSE(read_origin_request(head)) << head;
  }
}

TEST(SampleBody, HasTheAskedSize) {
  for (std::size_t size = 0; size < 2000; ++size) EXPECT_EQ(sample_body(size).size(), size);
}

TEST(Outcome, TellsExactPercentilesByServer) {
  Outcome outcome;
  for (int i = 100; i > 0; --i) outcome.latencies[i % 2 == 0 ? "legacy" : ""].push_back(i * 1000);
  outcome.lateness = {3000};
  outcome.errors = 1;
  outcome.first_error = "HTTP/1.1 \"503\"\n";
  outcome.took_ns = 1'500'000'000;
  EXPECT_EQ(to_json(outcome),
            R"({"ok":100,"errors":1,"first_error":"HTTP/1.1 ?503??","seconds":1.500000,)"
            R"("late_us":{"count":1,"p50":3.0,"p90":3.0,"p99":3.0,"p999":3.0,"max":3.0},)"
            R"("latency_us":{"all":)"
            R"({"count":100,"p50":51.0,"p90":91.0,"p99":100.0,"p999":100.0,"max":100.0},"legacy":)"
            R"({"count":50,"p50":52.0,"p90":92.0,"p99":100.0,"p999":100.0,"max":100.0}}})");
}

}  // namespace
}  // namespace banyan::bench
