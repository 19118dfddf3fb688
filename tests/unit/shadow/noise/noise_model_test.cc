#include "shadow/noise/noise_model.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>

#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

using std::chrono::hours;

Comparison at(const std::string& path) {
  Comparison comparison;
  comparison.verdict = Verdict::mismatch;
  comparison.differences.push_back({path, Kind::value, "1", "2"});
  return comparison;
}

struct NoiseModelTest : ::testing::Test {
  void learn(const std::string& path, bool legacy_differs, int times = 1) {
    const PlacesThatDiffer arms(at(path));
    const PlacesThatDiffer legacy = legacy_differs ? arms : PlacesThatDiffer();
    for (int i = 0; i < times; ++i) model.learn("GET /a", arms, legacy, false);
  }
  Known known(const std::string& path) {
    return model.consider("GET /a", path, at(path).differences[0]).known;
  }
  NoiseModel model;
  SteadyTime start{hours(1)};
};

TEST(BinomialTail, IsExact) {
  EXPECT_NEAR(binomial_tail(0, 1, 0.25), 0.75, 1e-12);
  EXPECT_NEAR(binomial_tail(0, 16, 0.25), std::pow(0.75, 16), 1e-12);
  EXPECT_NEAR(binomial_tail(1, 4, 0.5), 5.0 / 16, 1e-12);
  EXPECT_NEAR(binomial_tail(2, 5, 0.25), 0.896484375, 1e-12);
  EXPECT_EQ(binomial_tail(5, 5, 0.25), 1);
}

TEST_F(NoiseModelTest, OnceIsNotKnownYetAndTwiceIsNoise) {
  EXPECT_EQ(known("$.a"), Known::unknown);
  learn("$.a", true);
  EXPECT_EQ(known("$.a"), Known::unknown);
  learn("$.a", true);
  EXPECT_EQ(known("$.a"), Known::noise);
}

TEST_F(NoiseModelTest, WhereLegacyAlwaysAgreesItIsKnownToBeNoNoise) {
  learn("$.a", false, 10);
  EXPECT_EQ(known("$.a"), Known::unknown);
  learn("$.a", false, 7);
  EXPECT_EQ(known("$.a"), Known::not_noise);
}

TEST_F(NoiseModelTest, AControlTeachesNoiseBeforeTheArmsDiffer) {
  const PlacesThatDiffer legacy(at("$.a"));
  for (int i = 0; i < 2; ++i) model.learn("GET /a", PlacesThatDiffer(), legacy, true);
  EXPECT_EQ(known("$.a"), Known::noise);
}

TEST_F(NoiseModelTest, WhatWasLearnedExpires) {
  model.advance(start);
  learn("$.a", true, 5);
  model.advance(start + hours(13));
  EXPECT_EQ(known("$.a"), Known::noise);
  model.advance(start + hours(26));
  EXPECT_EQ(known("$.a"), Known::unknown);
}

TEST_F(NoiseModelTest, AfterADayWithoutTrafficNothingIsKnown) {
  model.advance(start);
  learn("$.a", true, 5);
  model.advance(start + hours(24));
  EXPECT_EQ(known("$.a"), Known::unknown);
  EXPECT_EQ(model.places(), 0U);
}

TEST_F(NoiseModelTest, IsBounded) {
  for (std::size_t i = 0; i < 2 * NoiseModel::kPlacesMax; ++i) {
    learn("$.x" + std::to_string(i) + "y", true);
  }
  EXPECT_EQ(model.places(), NoiseModel::kPlacesMax);
}

// Whatever the noise looks like: both arms draw from the same values. It must never be taken for
// a regression, however often one looks.
TEST_F(NoiseModelTest, NoiseIsNeverTakenForARegression) {
  std::mt19937_64 random = test::seeded_random();
  int taken = 0;
  for (const double share : {0.5, 0.1, 0.02}) {  // of the rarer of two values
    for (int run = 0; run < 100; ++run) {
      model = {};
      std::bernoulli_distribution draw(share);
      for (int i = 0; i < 500; ++i) {
        const bool first = draw(random), monolith = draw(random), second = draw(random);
        if (first == monolith) continue;
        learn("$.a", first != second);
        if (known("$.a") == Known::not_noise) ++taken, i = 500;
      }
    }
  }
  EXPECT_EQ(taken, 0);
}

}  // namespace
}  // namespace banyan::shadow
