// Two arms under traffic, with the comparison, the model and the budgets as they are: only network
// and threads are left out. Every run has another seed, which is printed.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "shadow/difference_table.h"
#include "shadow/noise/reask_budget.h"
#include "shadow/noise/verdict.h"
#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

using std::chrono::milliseconds;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::uint64_t kExchanges = 6'000;
#else
constexpr std::uint64_t kExchanges = 40'000;
#endif
// One request of every run, so that each has a wrong answer.
constexpr std::uint64_t kWrongId = 1'007;
constexpr auto kPause = milliseconds(5);        // 200 requests a second
constexpr auto kUntilReask = milliseconds(10);  // from the first asking
constexpr double kControl = 0.005;

struct Request {
  std::string target;
  std::uint64_t id = 0;
  milliseconds at{0};  // when this arm is asked
};

class Arms {
 public:
  using Answer = std::function<CapturedResponse(const Request&)>;

  Arms() : random_(test::seeded_random()) {}

  std::uint64_t number(std::uint64_t below) { return random_() % below; }
  std::string hex(int digits) {
    std::string text;
    for (int i = 0; i < digits; ++i) text += "0123456789abcdef"[number(16)];
    return text;
  }

  // What both arms do alike: a time, ids, a list in random order, a stock that goes down.
  CapturedResponse noisy(const Request& request, const std::string& total) {
    std::vector<std::string> tags{R"("new")",  R"("blue")", R"("large")", R"("gift")",
                                  R"("sale")", R"("gold")", R"("slim")",  R"("kids")"};
    std::shuffle(tags.begin(), tags.end(), random_);
    CapturedResponse response;
    response.status = 200;
    response.headers.add("content-type", "application/json");
    response.headers.add("x-served-in", fmt::format("{}.{:06}", number(20), number(1'000'000)));
    response.body =
        fmt::format(R"({{"id":{},"total":{},"at":"2026-11-22T12:{:02}:{:02}.{:03}Z","trace":"{}",)"
                    R"("session":"{}-{}-4{}-8{}-{}","tags":[{}],"stock":{},)"
                    R"("items":[{{"sku":"a1","seen":{}}},{{"sku":"b2","seen":{}}}]}})",
                    request.id, total, request.at.count() / 60'000 % 60,
                    request.at.count() / 1'000 % 60, request.at.count() % 1'000, hex(16), hex(8),
                    hex(4), hex(3), hex(3), hex(12), fmt::join(tags, ","),
                    100'000 - request.at.count() / 700, number(1'000'000), number(1'000'000));
    return response;
  }
  static std::string total_of(const Request& request) {
    return fmt::format("{}.{}", request.id % 97, request.id % 10);
  }

  // Runs the traffic through; `legacy` and `monolith` answer it.
  void run(const Answer& legacy, const Answer& monolith) {
    for (std::uint64_t i = 0; i < kExchanges; ++i) {
      now_ += kPause;
      const bool is_wrong = i == kExchanges / 2;
      const char* path = is_wrong || number(2) == 0 ? "/orders/" : "/items/";
      const std::uint64_t id = is_wrong ? kWrongId : number(10'000) + 1;
      one(path + std::to_string(id), id, legacy, monolith, i + 1);
    }
  }

  std::map<Verdict, std::uint64_t> verdicts;
  std::map<std::string, std::uint64_t> mismatches;  // by endpoint, path and kind
  std::uint64_t asked_of_legacy = 0;                // by us

 private:
  void one(const std::string& target, std::uint64_t id, const Answer& legacy,
           const Answer& monolith, std::uint64_t exchanges) {
    // The shadow comes after the primary; the second askings go out in any order.
    const auto ask = [&](const Answer& arm, milliseconds later) {
      return arm({target, id, now_ + later});
    };
    const auto skew = [&] { return milliseconds(number(3)); };
    const auto ask_again = [&](const Answer& arm) { return ask(arm, kUntilReask + skew()); };
    const SteadyTime now{std::chrono::hours(1) + now_};
    const std::string endpoint = folded_endpoint("GET", target);
    const CapturedPair pair = paired(target, ask(legacy, {}), ask(monolith, skew()));
    if (std::bernoulli_distribution(kControl)(random_)) {
      control(pair, endpoint, ask_again(legacy));
    }
    Comparison first = compare(pair, rules_);
    const Standing standing = stand(first, endpoint, model_);
    const Need need = standing == Standing::unknown    ? Need::decides
                      : standing == Standing::mismatch ? Need::confirms
                                                       : Need::refreshes;
    if (standing != Standing::settled && budget_.take(need, now, exchanges)) {
      ++asked_of_legacy;
      const CapturedPair again = paired(target, ask_again(legacy), ask_again(monolith));
      with_second_answers(first, endpoint,
                          compare(paired(target, pair.legacy, again.legacy), rules_),
                          compare(again, rules_), model_);
    } else {
      without_second_answers(first, standing, NotAsked::no_budget);
    }
    ++verdicts[first.verdict];
    if (first.verdict != Verdict::mismatch) return;
    for (const Difference& difference : first.differences) {
      if (difference.verdict != Verdict::mismatch) continue;
      ++mismatches[endpoint + " " + folded_path(difference.path) + " " +
                   std::string(to_string(difference.kind))];
    }
  }
  void control(const CapturedPair& pair, const std::string& endpoint,
               const CapturedResponse& second) {
    ++asked_of_legacy;
    const Comparison twice = compare(paired(pair.target, pair.legacy, second), rules_);
    model_.learn(endpoint, PlacesThatDiffer(compare(pair, rules_)), PlacesThatDiffer(twice), true);
    model_.learn_shapes(endpoint, twice);
  }
  static CapturedPair paired(const std::string& target, const CapturedResponse& left,
                             const CapturedResponse& right) {
    CapturedPair pair;
    pair.method = "GET";
    pair.target = target;
    pair.legacy = left;
    pair.monolith = right;
    return pair;
  }

  std::mt19937_64 random_;
  milliseconds now_{0};
  CompareRules rules_;
  NoiseModel model_;
  ReaskBudget budget_{{.per_second = 5, .share = 0.01}};
};

struct NoiseSimulation : ::testing::Test {
  CapturedResponse right(const Request& request) {
    return arms.noisy(request, Arms::total_of(request));
  }
  Arms::Answer legacy = [this](const Request& request) { return right(request); };
  void expect_little_load() {
    EXPECT_LT(static_cast<double>(arms.asked_of_legacy), 0.02 * static_cast<double>(kExchanges));
  }
  void expect_only(const std::string& place) {
    EXPECT_FALSE(arms.mismatches.empty());
    for (const auto& [found, count] : arms.mismatches) {
      EXPECT_TRUE(found.starts_with(place)) << found << " " << count;
    }
  }
  Arms arms;
};

TEST_F(NoiseSimulation, ArmsThatDifferInNoiseAloneHaveNoMismatch) {
  arms.run(legacy, legacy);
  EXPECT_TRUE(arms.mismatches.empty()) << arms.mismatches.begin()->first;
  EXPECT_EQ(arms.verdicts[Verdict::mismatch], 0U);
  // What can not be told because nothing is known yet is the beginning, and not the rule.
  EXPECT_LT(arms.verdicts[Verdict::not_comparable], kExchanges / 100);
  EXPECT_GT(arms.verdicts[Verdict::noise], kExchanges * 9 / 10);
  expect_little_load();
}

TEST_F(NoiseSimulation, AValueThatAgreesByChanceIsMistakenOnlyUntilItIsKnown) {
  const auto flips = [this](const Request& request) {
    CapturedResponse response = right(request);
    response.headers.add("x-side", arms.number(2) == 0 ? "left" : "right");
    return response;
  };
  arms.run(flips, flips);
  for (const auto& [place, count] : arms.mismatches) {
    EXPECT_NE(place.find("header:x-side"), std::string::npos) << place;
    EXPECT_LE(count, 20U) << place;
  }
  EXPECT_GT(arms.verdicts[Verdict::noise], kExchanges * 9 / 10);
}

TEST_F(NoiseSimulation, AConstantRegressionInOneOfAThousandIsFoundBesideNoise) {
  arms.run(legacy, [this](const Request& request) {
    const bool wrong = request.target.starts_with("/orders") && request.id % 1'000 == 7;
    return arms.noisy(request, wrong ? "0" : Arms::total_of(request));
  });
  expect_only("GET /orders/{id} $.total value");
  expect_little_load();
}

TEST_F(NoiseSimulation, ARegressionAtRandomTimesIsFoundBesideNoise) {
  arms.run(legacy, [this](const Request& request) {
    const bool wrong = request.target.starts_with("/orders") &&
                       (arms.number(1'000) == 7 || request.id == kWrongId);
    return arms.noisy(request, wrong ? "0" : Arms::total_of(request));
  });
  expect_only("GET /orders/{id} $.total");
  expect_little_load();
}

TEST_F(NoiseSimulation, ARegressionBeneathANoisyFieldIsFoundByItsShape) {
  arms.run(legacy, [this](const Request& request) {
    CapturedResponse response = right(request);
    const bool wrong = arms.number(1'000) == 7 || request.id == kWrongId;
    if (!request.target.starts_with("/orders") || !wrong) return response;
    const std::size_t from = response.body.find(R"("trace":")") + 9;
    response.body.erase(from, response.body.find('"', from) - from);
    return response;
  });
  expect_only("GET /orders/{id} $.trace value");
}

TEST_F(NoiseSimulation, AMonolithThatHangsOwesItsAnswers) {
  arms.run(legacy, [this](const Request& request) {
    CapturedResponse response = right(request);
    if (arms.number(100) < 3) response.outcome = Outcome::timed_out;
    return response;
  });
  std::uint64_t owed = 0;
  for (const auto& [place, count] : arms.mismatches) {
    EXPECT_TRUE(place.ends_with("status no_answer")) << place;
    owed += count;
  }
  EXPECT_NEAR(static_cast<double>(owed), 0.03 * kExchanges, 0.01 * kExchanges);
  EXPECT_EQ(owed, arms.verdicts[Verdict::mismatch]);
}

}  // namespace
}  // namespace banyan::shadow
