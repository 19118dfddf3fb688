// shadow/noise/verdict.h: what a pair of answers that differ comes to. Pure.
//
//   compare() -> differences -> stand() -+-> all known          -> verdict
//                                        +-> asked again        -> with_second_answers()
//                                        +-> not asked again    -> without_second_answers()
#pragma once

#include <string_view>

#include "shadow/noise/noise_model.h"

namespace banyan::shadow {

// What is known of a pair before anybody is asked again.
enum class Standing : std::uint8_t {
  settled,   // nothing that a second asking could change: a match, no answer, not comparable
  noise,     // legacy is known to disagree with itself at all of these places
  mismatch,  // at one of them it is known not to, or the monolith's value is of a shape of its own
  unknown,
};

// Marks every difference by what is known of its place.
[[nodiscard]] Standing stand(Comparison& first, std::string_view endpoint, NoiseModel& model);

enum class NotAsked : std::uint8_t {
  nobody_asks,  // the request is not repeated, or no second asking is wanted: what differs counts
  no_budget,    // what is not known can not be said
};
void without_second_answers(Comparison& first, Standing standing, NotAsked why);

// `legacy`: its first answer against its second; `again`: the second answers of both. Teaches the
// model first.
void with_second_answers(Comparison& first, std::string_view endpoint, const Comparison& legacy,
                         const Comparison& again, NoiseModel& model);

// What a reader sees in `reason` where the budget allowed no second asking.
inline constexpr std::string_view kReaskBudget = "reask_budget";

}  // namespace banyan::shadow
