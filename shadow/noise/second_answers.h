// shadow/noise/second_answers.h: what a second asking of both arms says about each difference of
// the first. Pure.
//
//   first answers L1, M1, second answers L2, M2, at one place:
//
//              | M2 = L2     M2 != L2
//     L1 != L2 | transient   noise
//     L1  = L2 | flaky       mismatch
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>

#include "shadow/diff/comparison.h"

namespace banyan::shadow {

// What a noisy place does there. One aspect does not excuse another: a value that changes all the
// time is no reason to be missing.
enum class Aspect : std::uint8_t {
  value,     // value, order, length
  presence,  // missing, extra
  type,
};
[[nodiscard]] constexpr Aspect aspect_of(Kind kind) {
  if (kind == Kind::missing || kind == Kind::extra) return Aspect::presence;
  return kind == Kind::type ? Aspect::type : Aspect::value;
}

enum class Second : std::uint8_t { transient, noise, mismatch, flaky };
[[nodiscard]] constexpr Second second_of(bool legacy_differs, bool again_differs) {
  if (legacy_differs) return again_differs ? Second::noise : Second::transient;
  return again_differs ? Second::mismatch : Second::flaky;
}

// The folded places of one comparison: elements move about in lists, so an index says nothing.
class PlacesThatDiffer {
 public:
  PlacesThatDiffer() = default;
  explicit PlacesThatDiffer(const Comparison& comparison);

  // At that folded place, in that way. Who is missing or of another type has another value, too.
  [[nodiscard]] bool has(const std::string& place, Aspect aspect) const;
  // Calls take(place, aspect) for each.
  template <class Take>
  void for_each(Take take) const {
    for (const auto& [place, aspects] : places_) {
      for (const Aspect aspect : {Aspect::value, Aspect::presence, Aspect::type}) {
        if ((aspects & bit(aspect)) != 0) take(place, aspect);
      }
    }
  }

 private:
  static constexpr unsigned bit(Aspect aspect) { return 1U << static_cast<unsigned>(aspect); }

  bool everywhere_ = false;  // one of the two gave no answer
  std::unordered_map<std::string, unsigned> places_;
};

}  // namespace banyan::shadow
