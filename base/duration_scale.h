// base/duration_scale.h: durations in steps of an eighth of an octave, for counting them. Pure.
//
//   step 0: below 64 µs;  then eight equal steps for each doubling;  the last: 62.9 s and longer
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace banyan {

inline constexpr std::uint64_t kFirstStepEnd = 64;  // µs
inline constexpr int kStepBits = 3;                 // eight steps for each doubling
inline constexpr int kOctaves = 20;
inline constexpr std::size_t kDurationSteps = 1 + (std::size_t{kOctaves} << kStepBits);

[[nodiscard]] constexpr std::size_t duration_step(std::uint64_t us) {
  if (us < kFirstStepEnd) return 0;
  us = std::min(us, (kFirstStepEnd << kOctaves) - 1);
  const auto octave = static_cast<std::size_t>(std::bit_width(us) - std::bit_width(kFirstStepEnd));
  const std::uint64_t eighths = us / (kFirstStepEnd >> kStepBits) >> octave;  // 8..15
  return 1 + (octave << kStepBits) + (eighths - (1U << kStepBits));
}

// The shortest duration of a step.
[[nodiscard]] constexpr std::chrono::microseconds step_begin(std::size_t step) {
  if (step == 0) return std::chrono::microseconds(0);
  const std::size_t octave = (step - 1) >> kStepBits;
  const std::uint64_t eighths = (1U << kStepBits) + ((step - 1) & ((1U << kStepBits) - 1));
  return std::chrono::microseconds((eighths * (kFirstStepEnd >> kStepBits)) << octave);
}

}  // namespace banyan
