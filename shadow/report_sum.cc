#include "shadow/report_sum.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "shadow/report_format.h"
#include "shadow/report_order.h"

namespace banyan::shadow {
namespace {

auto parts_of(const Sample& sample) {
  return std::tie(sample.at, sample.method, sample.target, sample.path, sample.left, sample.right,
                  sample.skew, sample.left_body, sample.right_body);
}

void add(VerdictCounts& to, const VerdictCounts& counts) {
  for (std::size_t i = 0; i < to.size(); ++i) to[i] += counts[i];
}

// The one of that name, made where there is none.
template <class Item, class Matches>
Item& found_or_made(std::vector<Item>& items, Matches matches) {
  const auto found = std::find_if(items.begin(), items.end(), matches);
  return found != items.end() ? *found : items.emplace_back();
}

void add(Place& to, const Place& place) {
  to.path = place.path;
  to.kind = place.kind;
  to.verdict = place.verdict;
  to.count += place.count;
  if (to.first_seen == WallTime{} ||
      (place.first_seen != WallTime{} && place.first_seen < to.first_seen)) {
    to.first_seen = place.first_seen;
  }
  to.last_seen = std::max(to.last_seen, place.last_seen);
  to.samples.insert(to.samples.end(), place.samples.begin(), place.samples.end());
}

void keep_oldest(std::vector<Sample>& samples, std::size_t samples_max) {
  std::sort(samples.begin(), samples.end(),
            [](const Sample& a, const Sample& b) { return parts_of(a) < parts_of(b); });
  if (samples.size() > samples_max) samples.resize(samples_max);
}

// Of all places; calls `take` with the samples of each.
void each_samples(auto& report, auto take) {
  for (auto& endpoint : report.endpoints) {
    for (auto& place : endpoint.places) take(place.samples);
  }
}

void add(EndpointReport& to, const EndpointReport& endpoint) {
  to.endpoint = endpoint.endpoint;
  add(to.verdicts, endpoint.verdicts);
  to.tally.add(endpoint.tally);
  for (const Place& place : endpoint.places) {
    add(found_or_made(to.places,
                      [&](const Place& p) {
                        return p.path == place.path && p.kind == place.kind &&
                               p.verdict == place.verdict;
                      }),
        place);
  }
}

void add(MigrationReport& to, const MigrationReport& report) {
  to.settings = to.migration.empty() ? report.settings : stricter(to.settings, report.settings);
  to.migration = report.migration;
  to.epoch = report.epoch;
  const bool first = to.since == WallTime{};
  if (first || (report.since != WallTime{} && report.since < to.since)) to.since = report.since;
  add(to.to_monolith, report.to_monolith);
  add(to.to_legacy, report.to_legacy);
  for (std::size_t arm = 0; arm < to.traffic.size(); ++arm) {
    to.traffic[arm].add(report.traffic[arm]);
    to.keys[arm].add(report.keys[arm]);
  }
  to.waivers.insert(to.waivers.end(), report.waivers.begin(), report.waivers.end());
  sort_waivers(to.waivers);
  for (const EndpointReport& endpoint : report.endpoints) {
    add(found_or_made(to.endpoints,
                      [&](const EndpointReport& e) { return e.endpoint == endpoint.endpoint; }),
        endpoint);
  }
}

// What a report says of a place, and of its endpoint.
using PlaceKey = std::tuple<std::string, std::string, std::string, Kind>;
struct Counted {
  std::map<PlaceKey, std::uint64_t> places;
  std::map<std::pair<std::string, std::string>, std::uint64_t> compared;
};

Counted counted(const std::vector<MigrationReport>& reports) {
  Counted all;
  for (const MigrationReport& report : reports) {
    for (const EndpointReport& endpoint : report.endpoints) {
      all.compared[{report.migration, endpoint.endpoint}] += compared_of(endpoint.verdicts);
      for (const Place& place : endpoint.places) {
        if (place.verdict != Verdict::mismatch) continue;  // nothing that regresses or is fixed
        all.places[{report.migration, endpoint.endpoint, place.path, place.kind}] += place.count;
      }
    }
  }
  return all;
}

ComparedPlace::Side side_of(const Counted& report, const PlaceKey& key) {
  const auto place = report.places.find(key);
  const auto endpoint = report.compared.find({std::get<0>(key), std::get<1>(key)});
  return {place == report.places.end() ? 0 : place->second,
          endpoint == report.compared.end() ? 0 : endpoint->second};
}

}  // namespace

std::vector<MigrationReport> merged(const std::vector<std::vector<MigrationReport>>& reports) {
  std::map<std::pair<std::string, std::string>, MigrationReport> all;
  std::size_t samples_max = 0;
  for (const auto& report : reports) {
    for (const MigrationReport& one : report) {
      add(all[{one.migration, one.epoch}], one);
      each_samples(one, [&](const auto& s) { samples_max = std::max(samples_max, s.size()); });
    }
  }
  std::vector<MigrationReport> sum;
  for (auto& [key, report] : all) {
    each_samples(report, [&](auto& samples) { keep_oldest(samples, samples_max); });
    sort_by_weight(report);
    sum.push_back(std::move(report));
  }
  return sum;
}

ReportComparison compared(const std::vector<MigrationReport>& before,
                          const std::vector<MigrationReport>& after) {
  const Counted old = counted(before), now = counted(after);
  std::map<PlaceKey, std::uint64_t> keys = old.places;
  keys.insert(now.places.begin(), now.places.end());
  ReportComparison comparison;
  for (const auto& [key, count] : keys) {
    const auto& [migration, endpoint, path, kind] = key;
    const ComparedPlace place{migration, endpoint,          path,
                              kind,      side_of(old, key), side_of(now, key)};
    if (place.before.count == 0) {
      comparison.regressed.push_back(place);
    } else if (place.after.count > 0) {
      comparison.unchanged.push_back(place);
    } else {
      (place.after.compared > 0 ? comparison.fixed : comparison.not_seen).push_back(place);
    }
  }
  return comparison;
}

}  // namespace banyan::shadow
