// What the guardrail promises, tried on simulated traffic. Short by default; BANYAN_FULL=1 makes it
// as long as the promise, for the release build: docs/guardrails.md has its figures. The seeds stay
// the same from run to run, unless BANYAN_TEST_SEED gives others.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <vector>

#include "simulated_traffic.h"

namespace banyan::routing::guard {
namespace {

bool full() { return std::getenv("BANYAN_FULL") != nullptr; }

constexpr double kShares[] = {0.01, 0.05, 0.5};
constexpr Failing kHealthy{0.005, 0.0002};

std::uint64_t seed_for(int scenario, double share) {
  const char* const given = std::getenv("BANYAN_TEST_SEED");
  const std::uint64_t first = given != nullptr ? std::strtoull(given, nullptr, 10) : 0;
  return first + static_cast<std::uint64_t>(scenario) * 1'000'003 +
         static_cast<std::uint64_t>(share * 1'000);
}

// How often two equal arms trip in so many exchanges.
int false_trips(const Traffic& traffic, double exchanges, std::uint64_t seed) {
  int trips = 0;
  for (double left = exchanges; left > 0; ++seed) {
    Simulation simulation(Settings{}, seed);
    if (!simulation.run(traffic, left)) ++trips;
    left -= simulation.made;
  }
  return trips;
}

void report(const char* what, const Traffic& traffic, std::uint64_t seed, double exchanges,
            int trips) {
  std::cout << what << ": share " << traffic.share * 100 << " %, errors "
            << traffic.legacy.errors * 100 << " %, " << exchanges << " exchanges, seed " << seed
            << ": " << trips << " trips\n";
}

TEST(GuardrailSimulation, EqualArmsTripAtMostOnceInAHundredMillionExchanges) {
  const double exchanges = full() ? 1e8 : 5e5;
  for (const double share : kShares) {
    for (const double rate : {0.0005, 0.005, 0.05}) {
      Traffic traffic;
      traffic.share = share;
      traffic.monolith = traffic.legacy = {rate, rate / 25};
      const std::uint64_t seed = seed_for(1, share + rate);
      const int trips = false_trips(traffic, exchanges, seed);
      report("equal arms", traffic, seed, exchanges, trips);
      EXPECT_LE(trips, full() ? 1 : 0);
    }
  }
}

TEST(GuardrailSimulation, AnOutageOfBothTripsNothing) {
  const double exchanges = full() ? 1e8 : 5e5;
  for (const double share : kShares) {
    Traffic traffic;
    traffic.share = share;
    traffic.monolith = traffic.legacy = {0.2, 0.1};
    const std::uint64_t seed = seed_for(2, share);
    const int trips = false_trips(traffic, exchanges, seed);
    report("both 30 % down", traffic, seed, exchanges, trips);
    EXPECT_EQ(trips, 0);
  }
}

// After a million healthy exchanges, again and again.
TEST(GuardrailSimulation, AnOutageOfBothAfterAMillionHealthyExchangesTripsNothing) {
  const int runs = full() ? 50 : 1;
  for (const double share : kShares) {
    Traffic healthy;
    healthy.share = share;
    healthy.monolith = healthy.legacy = kHealthy;
    Traffic down = healthy;
    down.monolith = down.legacy = {0.2, 0.1};
    const std::uint64_t seed = seed_for(3, share);
    int trips = 0;
    for (int i = 0; i < runs; ++i) {
      Simulation simulation(Settings{}, seed + static_cast<std::uint64_t>(i));
      const bool quiet = simulation.run(healthy, 1e6) && simulation.run(down, 1e6);
      trips += quiet ? 0 : 1;
    }
    report("a million healthy, then both 30 % down", down, seed, runs * 2e6, trips);
    EXPECT_EQ(trips, 0);
  }
}

TEST(GuardrailSimulation, OneKeyWithAFifthOfAllErrorsTripsNothing) {
  const double exchanges = full() ? 1e8 : 5e5;
  for (const double share : kShares) {
    Traffic traffic;
    traffic.share = share;
    traffic.monolith = traffic.legacy = {0.01, 0};
    traffic.bad_key_of_errors = 0.2;
    const std::uint64_t seed = seed_for(4, share);
    const int trips = false_trips(traffic, exchanges, seed);
    report("one key with 20 % of all errors", traffic, seed, exchanges, trips);
    EXPECT_EQ(trips, 0);
  }
}

TEST(GuardrailSimulation, SixTimesTheErrorsAreCaughtWithinThreeThousandRequests) {
  const int runs = full() ? 5'000 : 100;
  for (const double share : kShares) {
    Traffic traffic;
    traffic.share = share;
    traffic.per_second = 200;
    traffic.monolith = traffic.legacy = {0.005, 0};
    const std::uint64_t seed = seed_for(5, share);
    std::vector<double> needed;
    for (int i = 0; i < runs; ++i) {
      Simulation simulation(Settings{}, seed + static_cast<std::uint64_t>(i));
      Traffic worse = traffic;
      worse.monolith.errors = 0.03;
      // Long enough for chance to have begun an increase before the true one.
      simulation.run_monolith(traffic, full() || share == 0.5 ? 10'000 : 1'000);
      needed.push_back(simulation.run_monolith(worse, 10'000));
    }
    std::sort(needed.begin(), needed.end());
    const auto late =
        std::count_if(needed.begin(), needed.end(), [](double n) { return n > 3'000; });
    std::cout << "0.5 % -> 3 %: share " << share * 100 << " %, " << runs << " runs, seed " << seed
              << ": median " << needed[needed.size() / 2] << " requests, 99 % "
              << needed[needed.size() * 99 / 100] << ", later than 3,000: " << late << "\n";
    EXPECT_LE(static_cast<double>(late), 0.01 * runs);
  }
}

TEST(GuardrailSimulation, ADeadMonolithIsNoticedWithinASecond) {
  const int runs = full() ? 20'000 : 500;
  for (const double healthy_before : {0.0, 1e4}) {
    Traffic traffic;
    traffic.per_second = 200;
    traffic.monolith = traffic.legacy = kHealthy;
    Traffic dead = traffic;
    dead.monolith = {0, 1};
    const std::uint64_t seed = seed_for(6, healthy_before / 1e6);
    std::vector<double> seconds;
    int too_early = 0;
    int late = 0;
    int late_after_four = 0;  // requests of the monolith within the second
    for (int i = 0; i < runs; ++i) {
      Simulation simulation(Settings{}, seed + static_cast<std::uint64_t>(i));
      if (!simulation.run(traffic, healthy_before)) {
        ++too_early;
        continue;
      }
      const SteadyTime died = simulation.now;
      const double made = simulation.made_by_monolith;
      while (simulation.now - died < Milliseconds(1'000) && !simulation.guardrail.trip()) {
        simulation.look(dead);
      }
      if (!simulation.guardrail.trip()) {
        ++late;
        late_after_four += simulation.made_by_monolith - made >= 4 ? 1 : 0;
      }
      while (!simulation.guardrail.trip()) simulation.look(dead);
      seconds.push_back(std::chrono::duration<double>(simulation.now - died).count());
    }
    std::sort(seconds.begin(), seconds.end());
    std::cout << "dead monolith, 200 a second, share 5 %, after " << healthy_before
              << " healthy exchanges, " << runs << " runs, seed " << seed << ": median "
              << seconds[seconds.size() / 2] << " s, 99 % " << seconds[seconds.size() * 99 / 100]
              << " s, later than 1 s: " << late
              << ", though it was asked four times: " << late_after_four
              << ", while it was healthy: " << too_early << "\n";
    EXPECT_LE(too_early, runs * healthy_before / 1e8);
    // In one second of a hundred a monolith that gets ten requests a second gets fewer than four.
    EXPECT_LE(late, runs / 50);
    EXPECT_LE(late_after_four, runs / 500);
  }
}

}  // namespace
}  // namespace banyan::routing::guard
