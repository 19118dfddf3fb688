#include <fmt/format.h>

#include <iterator>
#include <nlohmann/json.hpp>

#include "shadow/printable.h"
#include "shadow/report.h"
#include "shadow/report_format.h"
#include "shadow/report_sum.h"

namespace banyan::shadow {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

std::string side_text(const ComparedPlace::Side& side) {
  if (side.compared == 0) return "not compared";
  return fmt::format("{} in {} compared", grouped(side.count), grouped(side.compared));
}

void append(std::string& out, std::string_view title, const std::vector<ComparedPlace>& places) {
  fmt::format_to(std::back_inserter(out), "\n{}: {}\n", title, places.size());
  const ComparedPlace* last = nullptr;
  for (const ComparedPlace& place : places) {
    if (last == nullptr || last->migration != place.migration || last->endpoint != place.endpoint) {
      fmt::format_to(std::back_inserter(out), "\n  {}  {}\n", printable(place.migration),
                     printable(place.endpoint));
    }
    last = &place;
    fmt::format_to(std::back_inserter(out), "    {:<9}  {}\n{:15}{} -> {}\n", to_string(place.kind),
                   printable(place.path), "", side_text(place.before), side_text(place.after));
  }
}

Json side_json(const ComparedPlace::Side& side) {
  return {{"count", side.count}, {"compared", side.compared}};
}

Json places_json(const std::vector<ComparedPlace>& places) {
  Json all = Json::array();
  for (const ComparedPlace& place : places) {
    all.push_back({{"migration", place.migration},
                   {"endpoint", place.endpoint},
                   {"path", place.path},
                   {"kind", to_string(place.kind)},
                   {"before", side_json(place.before)},
                   {"after", side_json(place.after)}});
  }
  return all;
}

}  // namespace

std::string render_text(const ReportComparison& comparison) {
  std::string out = "Two shadow-diff reports, before -> after\n";
  append(out, "Regressed", comparison.regressed);
  append(out, "Fixed", comparison.fixed);
  append(out, "Unchanged", comparison.unchanged);
  append(out, "Not seen again, as the endpoint was not compared", comparison.not_seen);
  return out;
}

std::string render_json(const ReportComparison& comparison) {
  const Json json = {{"version", kReportVersion},
                     {"regressed", places_json(comparison.regressed)},
                     {"fixed", places_json(comparison.fixed)},
                     {"unchanged", places_json(comparison.unchanged)},
                     {"not_seen", places_json(comparison.not_seen)}};
  return json.dump(kIndent, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace banyan::shadow
