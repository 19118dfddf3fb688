// config/comparing.h: `compare.threads` and `compare.cpu_budget` of a migration.
#pragma once

#include <cstdint>

namespace banyan::config {

inline constexpr std::uint64_t kComparisonThreadsMax = 16;

struct Comparing {
  // So many of its pairs are compared at a time. The process has as many comparison threads as the
  // migration that wants most.
  std::uint64_t threads = 1;
  // Of a core, of each of them.
  std::uint32_t cpu_millipercent = 20'000;
};

}  // namespace banyan::config
