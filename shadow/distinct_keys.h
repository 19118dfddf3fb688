// shadow/distinct_keys.h: how many different keys there were, in bounded memory. Pure.
//
// The smallest kKept hashes that came (K minimum values, Bar-Yossef et al. 2002). Up to kKept the
// count is exact, but for two keys of the same hash; beyond it is told from how dense they lie,
// with a standard error of 3 %. The union of two is that of all their keys, whatever the order.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <set>

namespace banyan::shadow {

class DistinctKeys {
 public:
  static constexpr std::size_t kKept = 1'024;

  // `hash`: uniform over 32 bits. True where it is kept and was not there.
  bool add(std::uint32_t hash) {
    if (kept_.size() >= kKept && hash >= *kept_.rbegin()) return false;
    if (!kept_.insert(hash).second) return false;
    if (kept_.size() > kKept) kept_.erase(std::prev(kept_.end()));
    return true;
  }
  void add(const DistinctKeys& other) {
    for (const std::uint32_t hash : other.kept_) add(hash);
  }
  [[nodiscard]] std::uint64_t count() const {
    if (kept_.size() < kKept) return kept_.size();
    constexpr double kAll = 4'294'967'296.0;
    return static_cast<std::uint64_t>((kKept - 1) *
                                      (kAll / (static_cast<double>(*kept_.rbegin()) + 1)));
  }
  [[nodiscard]] const std::set<std::uint32_t>& kept() const { return kept_; }
  [[nodiscard]] bool empty() const { return kept_.empty(); }

 private:
  std::set<std::uint32_t> kept_;
};

}  // namespace banyan::shadow
