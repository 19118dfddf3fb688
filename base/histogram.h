// base/histogram.h: durations counted in log-linear buckets, so that counts of several processes
// add up exactly. Pure.
//
// Microseconds below 32 have a bucket each; above, each doubling is cut into 16: a bucket is at most
// 1/16 of its lower end wide, and a quantile is told with an error of about 3 %. What is longer than
// kHistogramMax counts as that long. Only buckets that hold something take memory: at most
// kHistogramBuckets.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace banyan {

inline constexpr std::chrono::microseconds kHistogramMax{(1LL << 36) - 1};  // 19 hours
inline constexpr std::size_t kHistogramBuckets = 32 + 31 * 16;

class Histogram {
 public:
  struct Bucket {
    std::uint16_t index = 0;  // below kHistogramBuckets
    std::uint64_t count = 0;
    friend bool operator==(const Bucket&, const Bucket&) = default;
  };

  void add(std::chrono::microseconds duration, std::uint64_t count = 1) {
    add_to(index_of(duration), count);
  }
  void add_to(std::uint16_t index, std::uint64_t count);  // an index that is none: ignored
  void add(const Histogram& other);

  [[nodiscard]] std::uint64_t count() const;
  [[nodiscard]] bool empty() const { return buckets_.empty(); }
  // The middle of the bucket that holds it. 0 <= share <= 1; nothing where nothing was counted.
  [[nodiscard]] std::optional<std::chrono::microseconds> quantile(double share) const;
  // In the order of their indices, each with a count.
  [[nodiscard]] const std::vector<Bucket>& buckets() const { return buckets_; }

  [[nodiscard]] static std::uint16_t index_of(std::chrono::microseconds duration);
  // The shortest duration of the bucket; that of the next one ends it.
  [[nodiscard]] static std::chrono::microseconds lower_end(std::uint16_t index);

  friend bool operator==(const Histogram&, const Histogram&) = default;

 private:
  std::vector<Bucket> buckets_;
};

}  // namespace banyan
