#include "shadow/noise/verdict.h"

#include <algorithm>
#include <string>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

bool any(const Comparison& comparison, Verdict verdict) {
  return std::any_of(comparison.differences.begin(), comparison.differences.end(),
                     [verdict](const Difference& d) { return d.verdict == verdict; });
}

// The gravest of the differences decides.
void conclude(Comparison& comparison) {
  comparison.why_not.clear();
  if (any(comparison, Verdict::mismatch)) {
    comparison.verdict = Verdict::mismatch;
  } else if (any(comparison, Verdict::not_comparable)) {
    comparison.verdict = Verdict::not_comparable;
    comparison.why_not = kReaskBudget;
  } else {
    comparison.verdict = any(comparison, Verdict::transient) ? Verdict::transient : Verdict::noise;
  }
}

Verdict verdict_of(const NoiseModel::Opinion& opinion) {
  if (opinion.known == Known::unknown) return Verdict::not_comparable;
  const bool is_noise = opinion.known == Known::noise && opinion.fits;
  return is_noise ? Verdict::noise : Verdict::mismatch;
}

void mark(Difference& difference, Second second, const NoiseModel::Opinion& opinion) {
  const bool may_be_noise = opinion.known != Known::not_noise && opinion.fits;
  if (second == Second::transient) {
    difference.verdict = Verdict::transient;
  } else if (second == Second::noise && may_be_noise) {
    difference.verdict = Verdict::noise;
  } else {
    difference.verdict = Verdict::mismatch;
    if (second == Second::flaky) difference.kind = Kind::flaky;
  }
}

}  // namespace

Standing stand(Comparison& first, std::string_view endpoint, NoiseModel& model) {
  if (first.verdict != Verdict::mismatch || first.differences.empty()) return Standing::settled;
  for (Difference& difference : first.differences) {
    if (difference.kind == Kind::no_answer) return Standing::settled;
    difference.verdict =
        verdict_of(model.consider(endpoint, folded_path(difference.path), difference));
  }
  if (any(first, Verdict::mismatch)) return Standing::mismatch;
  return any(first, Verdict::not_comparable) ? Standing::unknown : Standing::noise;
}

void without_second_answers(Comparison& first, Standing standing, NotAsked why) {
  if (standing == Standing::settled) return;
  // Beside one that is known not to be noise, what is not known is told as well; so it is where
  // nothing ever will be.
  const bool all_count = standing == Standing::mismatch || why == NotAsked::nobody_asks;
  for (Difference& difference : first.differences) {
    if (all_count && difference.verdict == Verdict::not_comparable) {
      difference.verdict = Verdict::mismatch;
    }
  }
  conclude(first);
}

void with_second_answers(Comparison& first, std::string_view endpoint, const Comparison& legacy,
                         const Comparison& again, NoiseModel& model) {
  const PlacesThatDiffer arms(first), legacy_places(legacy), again_places(again);
  model.learn(endpoint, arms, legacy_places, false);
  model.learn_shapes(endpoint, legacy);
  for (Difference& difference : first.differences) {
    const std::string place = folded_path(difference.path);
    const Aspect aspect = aspect_of(difference.kind);
    const NoiseModel::Opinion opinion = model.consider(endpoint, place, difference);
    difference.verdict = Verdict::noise;
    if (opinion.known == Known::noise && opinion.fits) continue;
    mark(difference, second_of(legacy_places.has(place, aspect), again_places.has(place, aspect)),
         opinion);
  }
  conclude(first);
}

}  // namespace banyan::shadow
