// Traffic of two arms as a guardrail sees it, ten looks a second. Every run prints its seed.
#pragma once

#include <cstdint>
#include <random>

#include "routing/guard/guardrail.h"
#include "routing/guard/key_set.h"

namespace banyan::routing::guard {

struct Failing {
  double errors = 0;  // answers that are errors
  double hard = 0;    // no answer
};

struct Traffic {
  double per_second = 1'000;
  double share = 0.05;  // of the monolith
  Failing monolith;
  Failing legacy;
  std::uint32_t keys = 100'000;  // of each arm
  double bad_key_of_errors = 0;  // the part of all errors that one key of the monolith has
};

class Simulation {
 public:
  Simulation(const Settings& settings, std::uint64_t seed) : guardrail(settings), random_(seed) {}

  // Until so many exchanges were made, or a trip. False: it tripped.
  bool run(const Traffic& traffic, double exchanges) {
    for (const double end = made + exchanges; made < end;) {
      look(traffic);
      if (guardrail.trip()) return false;
    }
    return true;
  }

  // Until so many exchanges of the monolith were made, or a trip; how many.
  double run_monolith(const Traffic& traffic, double exchanges) {
    const double begin = made_by_monolith;
    while (made_by_monolith - begin < exchanges && !guardrail.trip()) look(traffic);
    return made_by_monolith - begin;
  }

  void look(const Traffic& traffic) {
    now += Milliseconds(100);
    const auto all = poisson(traffic.per_second / 10);
    Look look;
    look.at = now;
    look.monolith = arm(binomial(all, traffic.share), traffic.monolith, traffic.keys, 0);
    look.legacy = arm(all - look.monolith.exchanges, traffic.legacy, traffic.keys, 1U << 31U);
    if (traffic.bad_key_of_errors > 0) add_bad_key(traffic, look);
    made += static_cast<double>(all);
    made_by_monolith += static_cast<double>(look.monolith.exchanges);
    guardrail.take(look);
  }

  Guardrail guardrail;
  SteadyTime now{};
  double made = 0;
  double made_by_monolith = 0;

 private:
  std::uint64_t poisson(double mean) {
    return std::poisson_distribution<std::uint64_t>(mean)(random_);
  }
  std::uint64_t binomial(std::uint64_t n, double p) {
    return p <= 0 ? 0 : std::binomial_distribution<std::uint64_t>(n, p)(random_);
  }
  std::uint64_t window() const {
    return static_cast<std::uint64_t>(now.time_since_epoch() / guardrail.settings().window) + 1;
  }

  ArmLook arm(std::uint64_t exchanges, const Failing& failing, std::uint32_t keys,
              std::uint32_t first_key) {
    const std::uint64_t hard = binomial(exchanges, failing.hard);
    const std::uint64_t failures = hard + binomial(exchanges - hard, failing.errors);
    ArmLook look{exchanges, failures, 0, hard};
    std::uniform_int_distribution<std::uint32_t> key(1, keys);
    for (std::uint64_t i = 0; i < failures; ++i) {
      look.failures_of_keys += failed_.insert(first_key + key(random_), window()) ? 1U : 0U;
    }
    return look;
  }

  // On top of what fails otherwise, so that it has the wanted part of all.
  void add_bad_key(const Traffic& traffic, Look& look) {
    const double others =
        traffic.per_second / 10 *
        (traffic.share * traffic.monolith.errors + (1 - traffic.share) * traffic.legacy.errors);
    const std::uint64_t failures =
        poisson(others * traffic.bad_key_of_errors / (1 - traffic.bad_key_of_errors));
    look.monolith.exchanges += failures;
    look.monolith.failures += failures;
    for (std::uint64_t i = 0; i < failures; ++i) {
      look.monolith.failures_of_keys += failed_.insert(0x7fff'ffff, window()) ? 1U : 0U;
    }
  }

  std::mt19937_64 random_;
  KeySet failed_;
};

}  // namespace banyan::routing::guard
