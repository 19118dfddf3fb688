// shadow/noise/noise_model.h: at which places legacy disagrees with itself, and how often. Pure.
//
// It learns from triples: two answers of legacy and one of the monolith to the same request. Where
// a difference between the arms is noise, legacy disagrees with itself in at least half of the
// triples in which the arms differ: the three answers are drawn alike, so the one that stands out
// is as often legacy's as the monolith's. A place where it does so clearly more seldom, by an exact
// test, is not noise, however noisy it may be. What was learned expires.
//
// Of one migration. Not thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/time.h"
#include "shadow/noise/second_answers.h"
#include "shadow/noise/shape.h"

namespace banyan::shadow {

// P(X <= k) of n trials that succeed with probability p, exactly.
[[nodiscard]] double binomial_tail(std::uint64_t k, std::uint64_t n, double p);

enum class Known : std::uint8_t { unknown, noise, not_noise };

class NoiseModel {
 public:
  static constexpr std::size_t kPlacesMax = 10'000;   // more are not learned
  static constexpr std::size_t kEndpointsMax = 200;   // more are learned of as one
  static constexpr std::uint64_t kTrialsMax = 4'096;  // of one place; then both counts are halved
  // What is older counts no more. It goes in halves.
  static constexpr std::chrono::hours kExpiry{24};
  // Where legacy disagrees with itself in less than this share of the triples that differ, it is
  // not noise. Half of it is left for chance, since the question is asked again and again.
  static constexpr double kShareMin = 0.25;
  static constexpr double kAlpha = 0.01;
  // Once is never.
  static constexpr std::uint64_t kDisagreementsMin = 2;

  // Drops what has expired. `now` never goes back.
  void advance(SteadyTime now);

  // Two answers of legacy and one of the monolith. `arms`: legacy's first against the monolith's;
  // `legacy`: legacy's first against its second. `drawn`: the triple was drawn by chance alone, and
  // not because the arms differ.
  void learn(std::string_view endpoint, const PlacesThatDiffer& arms,
             const PlacesThatDiffer& legacy, bool drawn);
  // The values in which legacy's two answers differ.
  void learn_shapes(std::string_view endpoint, const Comparison& legacy);

  struct Opinion {
    Known known = Known::unknown;
    bool fits = true;  // the monolith's value is of a shape that legacy shows there
  };
  // On a difference between the arms at that folded place; remembers the shape of legacy's value
  // where anything is known of the place.
  [[nodiscard]] Opinion consider(std::string_view endpoint, std::string_view place,
                                 const Difference& difference);

  [[nodiscard]] std::size_t places() const { return places_.size(); }

 private:
  // Of one half of kExpiry.
  struct Evidence {
    std::uint64_t differing = 0;    // triples in which the arms differ there,
    std::uint64_t disagreeing = 0;  // and in which legacy disagrees with itself as well
    std::uint64_t alone = 0;        // drawn ones in which only legacy does
    ShapesSeen shapes;              // of legacy
    [[nodiscard]] bool empty() const {
      return differing == 0 && disagreeing == 0 && alone == 0 && shapes.empty();
    }
  };
  struct Learned {
    Evidence now, before;
  };
  [[nodiscard]] static Known known(const Learned& of);
  [[nodiscard]] const std::string& key_of(std::string_view endpoint, std::string_view place,
                                          Aspect aspect);
  // nullptr: there is no room.
  [[nodiscard]] Evidence* evidence(std::string_view endpoint, std::string_view place,
                                   Aspect aspect);

  std::unordered_map<std::string, Learned> places_;
  std::unordered_set<std::string> endpoints_;
  std::string key_, endpoint_;  // where keys are put together
  SteadyTime half_since_{};
};

}  // namespace banyan::shadow
