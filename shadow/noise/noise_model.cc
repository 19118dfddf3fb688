#include "shadow/noise/noise_model.h"

#include <cmath>

#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

// Whether shapes say anything about a difference of that kind.
bool has_shape(Kind kind) { return kind == Kind::value || kind == Kind::type; }

}  // namespace

double binomial_tail(std::uint64_t k, std::uint64_t n, double p) {
  if (k >= n) return 1;
  double sum = 0;
  for (std::uint64_t i = 0; i <= k; ++i) {
    const auto successes = static_cast<double>(i);
    const auto trials = static_cast<double>(n);
    sum += std::exp(std::lgamma(trials + 1) - std::lgamma(successes + 1) -
                    std::lgamma(trials - successes + 1) + successes * std::log(p) +
                    (trials - successes) * std::log1p(-p));
  }
  return sum;
}

void NoiseModel::advance(SteadyTime now) {
  if (half_since_ == SteadyTime{}) half_since_ = now;
  const auto age = now - half_since_;
  if (age < kExpiry / 2) return;
  half_since_ = now;
  const bool keep_half = age < kExpiry;
  for (auto at = places_.begin(); at != places_.end();) {
    Learned& learned = at->second;
    learned.before = keep_half ? learned.now : Evidence{};
    learned.now = {};
    at = learned.before.empty() ? places_.erase(at) : std::next(at);
  }
}

const std::string& NoiseModel::key_of(std::string_view endpoint, std::string_view place,
                                      Aspect aspect) {
  endpoint_.assign(endpoint);
  if (!endpoints_.contains(endpoint_)) {
    if (endpoints_.size() < kEndpointsMax) {
      endpoints_.insert(endpoint_);
    } else {
      endpoint_.assign(kOther);
    }
  }
  key_.assign(1, static_cast<char>('0' + static_cast<int>(aspect)));
  key_.append(endpoint_).append(1, '\n').append(place);
  return key_;
}

NoiseModel::Evidence* NoiseModel::evidence(std::string_view endpoint, std::string_view place,
                                           Aspect aspect) {
  const std::string& key = key_of(endpoint, place, aspect);
  const auto found = places_.find(key);
  if (found != places_.end()) return &found->second.now;
  return places_.size() < kPlacesMax ? &places_[key].now : nullptr;
}

void NoiseModel::learn(std::string_view endpoint, const PlacesThatDiffer& arms,
                       const PlacesThatDiffer& legacy, bool drawn) {
  arms.for_each([&](const std::string& place, Aspect aspect) {
    Evidence* const of = evidence(endpoint, place, aspect);
    if (of == nullptr) return;
    if (of->differing >= kTrialsMax) {
      of->differing /= 2;
      of->disagreeing /= 2;
    }
    ++of->differing;
    if (legacy.has(place, aspect)) ++of->disagreeing;
  });
  if (!drawn) return;
  legacy.for_each([&](const std::string& place, Aspect aspect) {
    if (arms.has(place, aspect)) return;
    if (Evidence* const of = evidence(endpoint, place, aspect)) ++of->alone;
  });
}

void NoiseModel::learn_shapes(std::string_view endpoint, const Comparison& legacy) {
  for (const Difference& difference : legacy.differences) {
    if (!has_shape(difference.kind)) continue;
    Evidence* const of =
        evidence(endpoint, folded_path(difference.path), aspect_of(difference.kind));
    if (of == nullptr) continue;
    of->shapes.add(shape_of(difference.path, difference.left));
    of->shapes.add(shape_of(difference.path, difference.right));
  }
}

Known NoiseModel::known(const Learned& of) {
  const std::uint64_t differing = of.now.differing + of.before.differing;
  const std::uint64_t disagreeing = of.now.disagreeing + of.before.disagreeing;
  const bool is_rare =
      static_cast<double>(disagreeing) < kShareMin * static_cast<double>(differing) &&
      binomial_tail(disagreeing, differing, kShareMin) < kAlpha;
  if (is_rare) return Known::not_noise;
  const std::uint64_t all = disagreeing + of.now.alone + of.before.alone;
  return all >= kDisagreementsMin ? Known::noise : Known::unknown;
}

NoiseModel::Opinion NoiseModel::consider(std::string_view endpoint, std::string_view place,
                                         const Difference& difference) {
  const auto found = places_.find(key_of(endpoint, place, aspect_of(difference.kind)));
  if (found == places_.end()) return {};
  Learned& of = found->second;
  Opinion opinion{known(of)};
  if (!has_shape(difference.kind)) return opinion;
  of.now.shapes.add(shape_of(difference.path, difference.left));
  ShapesSeen seen = of.now.shapes;
  seen.add(of.before.shapes);
  opinion.fits = seen.fits(shape_of(difference.path, difference.right));
  return opinion;
}

}  // namespace banyan::shadow
