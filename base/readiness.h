// base/readiness.h: whether counts say that a migration, or an endpoint of it, may go on.
#pragma once

#include <cstdint>
#include <string_view>

namespace banyan {

// Too little is known: inconclusive, which never counts as ready.
enum class Readiness : std::uint8_t { not_ready, inconclusive, ready };

[[nodiscard]] constexpr std::string_view to_string(Readiness readiness) {
  switch (readiness) {
    case Readiness::not_ready:
      return "not_ready";
    case Readiness::inconclusive:
      return "inconclusive";
    case Readiness::ready:
      return "ready";
  }
  return "inconclusive";
}
// -1, 0, 1: as the metric has it.
[[nodiscard]] constexpr int number_of(Readiness readiness) {
  return static_cast<int>(readiness) - static_cast<int>(Readiness::inconclusive);
}

}  // namespace banyan
