#include "shadow/noise/second_answers.h"

#include "shadow/difference_table.h"

namespace banyan::shadow {

PlacesThatDiffer::PlacesThatDiffer(const Comparison& comparison) {
  for (const Difference& difference : comparison.differences) {
    if (difference.kind == Kind::no_answer) everywhere_ = true;
    places_[folded_path(difference.path)] |= bit(aspect_of(difference.kind));
  }
}

bool PlacesThatDiffer::has(const std::string& place, Aspect aspect) const {
  if (everywhere_) return true;
  const auto found = places_.find(place);
  return found != places_.end() && (aspect == Aspect::value || (found->second & bit(aspect)) != 0);
}

}  // namespace banyan::shadow
