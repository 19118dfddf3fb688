#include "shadow/report_order.h"

#include <algorithm>
#include <numeric>
#include <string_view>
#include <tuple>

namespace banyan::shadow {
namespace {

std::uint64_t mismatches(const EndpointReport& report) {
  return report.verdicts[static_cast<std::size_t>(Verdict::mismatch)];
}

std::uint64_t total(const EndpointReport& report) {
  return std::accumulate(report.verdicts.begin(), report.verdicts.end(), std::uint64_t{0});
}

bool more_important(const EndpointReport& a, const EndpointReport& b) {
  return std::make_tuple(mismatches(b), total(b), std::string_view(a.endpoint)) <
         std::make_tuple(mismatches(a), total(a), std::string_view(b.endpoint));
}

bool more_frequent(const Place& a, const Place& b) {
  const bool a_counts = a.verdict == Verdict::mismatch, b_counts = b.verdict == Verdict::mismatch;
  return std::tie(b_counts, b.count, a.path, a.kind, a.verdict) <
         std::tie(a_counts, a.count, b.path, b.kind, b.verdict);
}

}  // namespace

void sort_by_weight(MigrationReport& report) {
  std::sort(report.endpoints.begin(), report.endpoints.end(), more_important);
  for (EndpointReport& endpoint : report.endpoints) {
    std::sort(endpoint.places.begin(), endpoint.places.end(), more_frequent);
  }
}

}  // namespace banyan::shadow
