// Two arms under traffic, with the comparison, the model and the budgets as they are: only network
// and threads are left out. Every run has another seed, which is printed. Short by default;
// BANYAN_FULL=1 makes it as long as docs/comparison.md says, for the release build.
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <map>
#include <random>
#include <string>
#include <vector>

#include "base/stable_hash.h"
#include "shadow/difference_table.h"
#include "shadow/noise/reask_budget.h"
#include "shadow/noise/verdict.h"
#include "shadow/readiness.h"
#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

using std::chrono::milliseconds;

std::uint64_t exchanges_of_a_run() {
  if (std::getenv("BANYAN_FULL") != nullptr) return 1'000'000;
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
  return 6'000;
#else
  return 40'000;
#endif
}
const std::uint64_t kExchanges = exchanges_of_a_run();
// Of two endpoints without a mismatch, so that they are ready by far.
constexpr std::uint64_t kEnoughToBeReady = 20'000;
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

  // By the counts of all pairs, with the settings that hold where nothing is configured.
  Judgement judgement() {
    std::vector<MigrationReport> reports = table_.report();
    judge(reports, {});
    return reports.at(0).judgement;
  }
  void tell(std::string_view what) {
    std::cout << what << ": " << kExchanges << " exchanges, " << verdicts[Verdict::match]
              << " match, " << verdicts[Verdict::noise] << " noise, "
              << verdicts[Verdict::transient] << " transient, " << verdicts[Verdict::mismatch]
              << " mismatch, " << verdicts[Verdict::not_comparable] << " not comparable; "
              << asked_of_legacy << " more requests to legacy; " << to_string(judgement().state)
              << '\n';
  }

  bool is_first_asking = true;
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
    const auto ask_again = [&](const Answer& arm) {
      is_first_asking = false;
      CapturedResponse response = ask(arm, kUntilReask + skew());
      is_first_asking = true;
      return response;
    };
    const SteadyTime now{std::chrono::hours(1) + now_};
    const std::string endpoint = folded_endpoint("GET", target);
    CapturedPair pair = paired(target, ask(legacy, {}), ask(monolith, skew()));
    pair.key_hash = murmur3_x86_32(std::to_string(id), 0);
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
    table_.add("shop", "1", pair, first);
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
  DifferenceTable table_;
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
  // A total of 0 is right now and then.
  static bool is_told(const Request& request) { return Arms::total_of(request) != "0.0"; }
  void expect_found(std::uint64_t wrong_answers) {
    std::uint64_t found = 0;
    for (const auto& [place, count] : arms.mismatches) found += count;
    std::cout << found << " mismatches of " << wrong_answers << " wrong answers\n";
    EXPECT_LE(found, wrong_answers);
    EXPECT_GE(found + found / 10 + 1, wrong_answers);
  }
  Arms arms;
};

TEST_F(NoiseSimulation, ArmsThatDifferInNoiseAloneHaveNoMismatch) {
  arms.run(legacy, legacy);
  arms.tell("arms that differ in noise alone");
  EXPECT_TRUE(arms.mismatches.empty()) << arms.mismatches.begin()->first;
  EXPECT_EQ(arms.verdicts[Verdict::mismatch], 0U);
  // What can not be told because nothing is known yet is the beginning, and not the rule.
  EXPECT_LT(arms.verdicts[Verdict::not_comparable], kExchanges / 100);
  EXPECT_GT(arms.verdicts[Verdict::noise], kExchanges * 9 / 10);
  expect_little_load();
  if (kExchanges >= kEnoughToBeReady) {
    EXPECT_EQ(arms.judgement().state, Readiness::ready);
  }
}

TEST_F(NoiseSimulation, AValueThatAgreesByChanceIsMistakenOnlyUntilItIsKnown) {
  const auto flips = [this](const Request& request) {
    CapturedResponse response = right(request);
    response.headers.add("x-side", arms.number(2) == 0 ? "left" : "right");
    return response;
  };
  arms.run(flips, flips);
  arms.tell("a value that agrees by chance");
  for (const auto& [place, count] : arms.mismatches) {
    EXPECT_NE(place.find("header:x-side"), std::string::npos) << place;
    EXPECT_LE(count, 20U) << place;
  }
  EXPECT_GT(arms.verdicts[Verdict::noise], kExchanges * 9 / 10);
}

TEST_F(NoiseSimulation, AConstantRegressionInOneOfAThousandIsFoundBesideNoise) {
  std::uint64_t wrong_answers = 0;
  arms.run(legacy, [&](const Request& request) {
    const bool wrong = request.target.starts_with("/orders") && request.id % 1'000 == 7;
    if (wrong && arms.is_first_asking && is_told(request)) ++wrong_answers;
    return arms.noisy(request, wrong ? "0" : Arms::total_of(request));
  });
  arms.tell("a constant regression in one of a thousand");
  expect_only("GET /orders/{id} $.total value");
  expect_little_load();
  expect_found(wrong_answers);
}

TEST_F(NoiseSimulation, ARegressionAtRandomTimesIsFoundBesideNoise) {
  std::uint64_t wrong_answers = 0;
  arms.run(legacy, [&](const Request& request) {
    const bool wrong = request.target.starts_with("/orders") &&
                       (arms.number(1'000) == 7 || request.id == kWrongId);
    if (wrong && arms.is_first_asking && is_told(request)) ++wrong_answers;
    return arms.noisy(request, wrong ? "0" : Arms::total_of(request));
  });
  arms.tell("a regression at random times");
  expect_only("GET /orders/{id} $.total");
  expect_little_load();
  expect_found(wrong_answers);
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
  arms.tell("a regression beneath a noisy field");
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
  const auto all = static_cast<double>(kExchanges);
  EXPECT_NEAR(static_cast<double>(owed), 0.03 * all, 0.01 * all);
  EXPECT_EQ(owed, arms.verdicts[Verdict::mismatch]);
  arms.tell("a monolith that hangs on three of a hundred");
  EXPECT_EQ(arms.judgement().state, Readiness::not_ready);
}

}  // namespace
}  // namespace banyan::shadow
