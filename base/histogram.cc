#include "base/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace banyan {
namespace {

// 2 * kSteps buckets of one microsecond, then kSteps for each doubling.
constexpr unsigned kStepBits = 4;
constexpr std::uint64_t kSteps = 1U << kStepBits;

}  // namespace

std::uint16_t Histogram::index_of(std::chrono::microseconds duration) {
  const auto us = static_cast<std::uint64_t>(
      std::clamp(duration, std::chrono::microseconds(0), kHistogramMax).count());
  if (us < 2 * kSteps) return static_cast<std::uint16_t>(us);
  const unsigned shift = static_cast<unsigned>(std::bit_width(us)) - kStepBits - 1;
  return static_cast<std::uint16_t>(shift * kSteps + (us >> shift));
}

std::chrono::microseconds Histogram::lower_end(std::uint16_t index) {
  if (index < 2 * kSteps) return std::chrono::microseconds(index);
  const std::uint64_t shift = index / kSteps - 1;
  return std::chrono::microseconds((index - shift * kSteps) << shift);
}

void Histogram::add_to(std::uint16_t index, std::uint64_t count) {
  if (index >= kHistogramBuckets || count == 0) return;
  const auto at = std::lower_bound(buckets_.begin(), buckets_.end(), index,
                                   [](const Bucket& b, std::uint16_t i) { return b.index < i; });
  if (at != buckets_.end() && at->index == index) {
    at->count += count;
  } else {
    buckets_.insert(at, {index, count});
  }
}

void Histogram::add(const Histogram& other) {
  for (const Bucket& bucket : other.buckets_) add_to(bucket.index, bucket.count);
}

std::uint64_t Histogram::count() const {
  std::uint64_t sum = 0;
  for (const Bucket& bucket : buckets_) sum += bucket.count;
  return sum;
}

std::optional<std::chrono::microseconds> Histogram::quantile(double share) const {
  if (buckets_.empty()) return std::nullopt;
  const auto wanted = static_cast<std::uint64_t>(
      std::max(1.0, std::ceil(share * static_cast<double>(count()))));
  std::uint64_t seen = 0;
  const auto at = std::find_if(buckets_.begin(), buckets_.end() - 1, [&](const Bucket& bucket) {
    return (seen += bucket.count) >= wanted;
  });
  const auto low = lower_end(at->index);
  return low + (lower_end(static_cast<std::uint16_t>(at->index + 1)) - low) / 2;
}

}  // namespace banyan
