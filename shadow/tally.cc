#include "shadow/tally.h"

#include <algorithm>
#include <iterator>

#include "shadow/sampler.h"

namespace banyan::shadow {
namespace {

// After the draw.
constexpr std::array kLost{Skip::body_budget, Skip::not_sent,    Skip::in_flight,
                           Skip::budget,      Skip::connections, Skip::strained};

void add(WordCounts& to, const WordCounts& counts) {
  for (const auto& [word, count] : counts) to[word] += count;
}

}  // namespace

void Tally::add(const Tally& other) {
  for (std::size_t arm = 0; arm < verdicts.size(); ++arm) {
    for (std::size_t v = 0; v < kVerdictCount; ++v) verdicts[arm][v] += other.verdicts[arm][v];
    shadow::add(reasons[arm], other.reasons[arm]);
    latency[arm].add(other.latency[arm]);
  }
  for (const auto& [places, pairs] : other.mismatches) {
    ByArm<std::uint64_t>& to = mismatches[places];
    for (std::size_t arm = 0; arm < to.size(); ++arm) to[arm] += pairs[arm];
  }
}

void Traffic::add(const Traffic& other) {
  seen += other.seen;
  mismatches_after_write += other.mismatches_after_write;
  shadow::add(skipped, other.skipped);
}

bool is_lost(std::string_view word) {
  return word == kQueueFull || std::any_of(kLost.begin(), kLost.end(),
                                           [&](Skip skip) { return word == to_string(skip); });
}

bool is_eligible_skip(std::string_view word) {
  return word == to_string(Skip::sample) || is_lost(word);
}

std::uint64_t lost_of(const Traffic& traffic) {
  std::uint64_t sum = 0;
  for (const auto& [word, count] : traffic.skipped) sum += is_lost(word) ? count : 0;
  return sum;
}

std::uint64_t sampled_of(const Traffic& traffic, std::uint64_t pairs) {
  return pairs + lost_of(traffic);
}

std::uint64_t eligible_of(const Traffic& traffic, std::uint64_t pairs) {
  const auto drawn = traffic.skipped.find(to_string(Skip::sample));
  return sampled_of(traffic, pairs) + (drawn == traffic.skipped.end() ? 0 : drawn->second);
}

}  // namespace banyan::shadow
