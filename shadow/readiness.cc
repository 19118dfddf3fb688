#include "shadow/readiness.h"

#include <algorithm>
#include <utility>

#include "base/sequential_test.h"
#include "shadow/difference_table.h"

namespace banyan::shadow {
namespace {

constexpr double kOfThousandths = 100'000;  // of a percent, to a share

struct Pairs {
  std::uint64_t all = 0;
  std::uint64_t compared = 0;
  std::uint64_t mismatch = 0;  // waived ones as well
  std::uint64_t waived = 0;
};

Pairs pairs_in(const VerdictCounts& counts) {
  return {pairs_of(counts), compared_of(counts), count_of(counts, Verdict::mismatch), 0};
}

class Judge {
 public:
  Judge(MigrationReport& report, WallTime now)
      : report_(report), now_(now), served_by_(index_of(other(report.settings.shadow))) {}

  void judge() {
    Pairs all =
        pairs_in(served_by_ == index_of(Arm::legacy) ? report_.to_monolith : report_.to_legacy);
    std::size_t judged = 0;
    for (EndpointReport& endpoint : report_.endpoints) {
      mark_waivers(endpoint);
      judged += pairs_of(endpoint.tally.verdicts[served_by_]) > 0 ? 1U : 0U;
    }
    std::uint64_t known = 0;
    for (EndpointReport& endpoint : report_.endpoints) {
      const Pairs pairs = pairs_of_endpoint(endpoint);
      judge(endpoint, pairs, kAlpha / static_cast<double>(std::max<std::size_t>(judged, 1)));
      all.waived += pairs.waived;
      known += pairs.all;
    }
    judge_migration(all, known);
  }

 private:
  [[nodiscard]] const ReadinessSettings& settings() const { return report_.settings; }
  [[nodiscard]] SequentialTest test(double alpha) const {
    return {settings().max_mismatch_rate / kOfThousandths, alpha};
  }

  // The first in force, else the first that was.
  [[nodiscard]] std::optional<std::size_t> waiver_of(const std::string& endpoint,
                                                     const PlaceName& place) const {
    std::optional<std::size_t> expired;
    for (std::size_t i = 0; i < report_.waivers.size(); ++i) {
      const Waiver& waiver = report_.waivers[i];
      if (!waiver.covers(report_.migration, endpoint, place)) continue;
      if (waiver.holds(now_)) return i;
      if (!expired) expired = i;
    }
    return expired;
  }
  [[nodiscard]] bool is_waived(const std::string& endpoint, const PlaceSet& places) const {
    return !places.empty() && std::all_of(places.begin(), places.end(), [&](const PlaceName& p) {
      const auto waiver = waiver_of(endpoint, p);
      return waiver && report_.waivers[*waiver].holds(now_);
    });
  }
  void mark_waivers(EndpointReport& endpoint) const {
    for (Place& place : endpoint.places) {
      if (place.verdict != Verdict::mismatch) continue;
      place.waiver = waiver_of(endpoint.endpoint, {place.path, place.kind});
      place.is_waived = place.waiver && report_.waivers[*place.waiver].holds(now_);
    }
    endpoint.unwaived = {};
    for (const std::size_t arm : {index_of(Arm::legacy), index_of(Arm::monolith)}) {
      const std::uint64_t all = count_of(endpoint.tally.verdicts[arm], Verdict::mismatch);
      endpoint.unwaived[arm] = all - std::min(all, waived_of(endpoint, arm));
    }
  }
  [[nodiscard]] std::uint64_t waived_of(const EndpointReport& endpoint, std::size_t arm) const {
    std::uint64_t waived = 0;
    for (const auto& [places, pairs] : endpoint.tally.mismatches) {
      if (pairs[arm] > 0 && is_waived(endpoint.endpoint, places)) waived += pairs[arm];
    }
    return waived;
  }

  [[nodiscard]] Pairs pairs_of_endpoint(const EndpointReport& endpoint) const {
    Pairs pairs = pairs_in(endpoint.tally.verdicts[served_by_]);
    pairs.waived = pairs.mismatch - endpoint.unwaived[served_by_];
    return pairs;
  }

  [[nodiscard]] bool is_excused(const EndpointReport& endpoint) const {
    return std::any_of(report_.waivers.begin(), report_.waivers.end(), [&](const Waiver& waiver) {
      return waiver.holds(now_) && waiver.excuses(report_.migration, endpoint.endpoint);
    });
  }

  // What an endpoint and a migration have in common. `compared_min`: a floor beside the test.
  Judgement judged(const Pairs& pairs, std::uint64_t sampled, double alpha,
                   std::uint64_t compared_min) const {
    Judgement made;
    made.sampled = sampled;
    made.compared = pairs.compared;
    made.waived = std::min(pairs.waived, pairs.mismatch);
    made.mismatch = pairs.mismatch - made.waived;
    const RateCounts counts{made.mismatch, made.compared};
    const SequentialTest rate = test(alpha);
    made.lower = rate.lower(counts);
    made.upper = rate.upper(counts);
    made.single_look_upper = clopper_pearson_upper(counts, kAlpha);
    made.more_clean = rate.more_clean(counts);
    if (made.more_clean && compared_min > made.compared) {
      made.more_clean = std::max(*made.more_clean, compared_min - made.compared);
    }
    const Readiness says = rate.judge(counts);
    if (says == Readiness::not_ready) made.lacks.push_back(Lack::mismatch_rate);
    if (made.more_clean != 0 && says != Readiness::not_ready) {
      made.lacks.push_back(Lack::too_few_compared);
    }
    const double coverage_min = settings().min_coverage / kOfThousandths;
    const bool is_covered =
        static_cast<double>(made.compared) >= coverage_min * static_cast<double>(made.sampled);
    if (!is_covered) made.lacks.push_back(Lack::low_coverage);
    return made;
  }

  void judge(EndpointReport& endpoint, const Pairs& pairs, double alpha) const {
    endpoint.judgement = {};
    if (pairs.all == 0) return;
    Judgement& made = endpoint.judgement = judged(pairs, pairs.all, alpha, 0);
    const auto traffic = std::find(made.lacks.begin(), made.lacks.end(), Lack::too_few_compared);
    if (traffic != made.lacks.end() && made.mismatch == 0 && is_excused(endpoint)) {
      made.waived_for_traffic = true;
      made.lacks.erase(traffic);
    }
    conclude(made);
  }

  void judge_migration(const Pairs& pairs, std::uint64_t known) {
    Judgement made = judged(pairs, sampled_of(report_.traffic[served_by_], pairs.all), kAlpha,
                            settings().min_compared);
    bool any_not_ready = false, any_inconclusive = known < pairs.all;
    std::optional<std::uint64_t> more = 0;
    for (const EndpointReport& endpoint : report_.endpoints) {
      const Judgement& its = endpoint.judgement;
      if (!its.is_judged()) continue;
      any_not_ready |= its.state == Readiness::not_ready;
      any_inconclusive |= its.state == Readiness::inconclusive;
      if (its.waived_for_traffic) continue;
      more = more && its.more_clean ? std::optional(*more + *its.more_clean) : std::nullopt;
    }
    if (any_not_ready) made.lacks.push_back(Lack::endpoint_not_ready);
    if (any_inconclusive) made.lacks.push_back(Lack::endpoint_inconclusive);
    if (report_.keys[served_by_].count() < settings().min_keys) {
      made.lacks.push_back(Lack::too_few_keys);
    }
    if (made.more_clean) {
      made.more_clean = more ? std::optional(std::max(*more, *made.more_clean)) : std::nullopt;
    }
    conclude(made);
    report_.judgement = std::move(made);
  }

  static void conclude(Judgement& made) {
    const auto is_against = [](Lack lack) {
      return lack == Lack::mismatch_rate || lack == Lack::endpoint_not_ready;
    };
    std::sort(made.lacks.begin(), made.lacks.end());
    made.state = made.lacks.empty() ? Readiness::ready
                 : std::any_of(made.lacks.begin(), made.lacks.end(), is_against)
                     ? Readiness::not_ready
                     : Readiness::inconclusive;
  }

  MigrationReport& report_;
  const WallTime now_;
  const std::size_t served_by_;  // of the pairs that count
};

}  // namespace

std::string_view to_string(Lack lack) {
  switch (lack) {
    case Lack::mismatch_rate:
      return "mismatch_rate";
    case Lack::endpoint_not_ready:
      return "endpoint_not_ready";
    case Lack::too_few_compared:
      return "too_few_compared";
    case Lack::low_coverage:
      return "low_coverage";
    case Lack::too_few_keys:
      return "too_few_keys";
    case Lack::endpoint_inconclusive:
      return "endpoint_inconclusive";
  }
  return "unknown";
}

ReadinessSettings stricter(const ReadinessSettings& a, const ReadinessSettings& b) {
  return {std::min(a.max_mismatch_rate, b.max_mismatch_rate),
          std::max(a.min_coverage, b.min_coverage), std::max(a.min_compared, b.min_compared),
          std::max(a.min_keys, b.min_keys), std::max(a.shadow, b.shadow)};
}

void judge(std::vector<MigrationReport>& reports, WallTime now) {
  for (MigrationReport& report : reports) Judge(report, now).judge();
}

}  // namespace banyan::shadow
