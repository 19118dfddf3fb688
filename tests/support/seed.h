// tests/support/seed.h: randomness that a failed run can repeat.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>

namespace banyan::test {

// Another seed each run, printed, unless BANYAN_TEST_SEED gives one.
inline std::mt19937_64 seeded_random() {
  const char* given = std::getenv("BANYAN_TEST_SEED");
  const std::uint64_t seed =
      given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device{}();
  std::cout << "BANYAN_TEST_SEED=" << seed << '\n';
  return std::mt19937_64(seed);
}

}  // namespace banyan::test
