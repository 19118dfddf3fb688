#include <fmt/chrono.h>

#include <nlohmann/json.hpp>

#include "shadow/report.h"
#include "shadow/report_format.h"

namespace banyan::shadow {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kIndent = 2;

// RFC 3339, UTC.
Json time_json(WallTime time) {
  if (time == WallTime{}) return nullptr;
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  const auto rest = std::chrono::floor<Milliseconds>(time - seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", fmt::gmtime(seconds), rest.count());
}

Json verdicts_json(const VerdictCounts& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    json[std::string(to_string(static_cast<Verdict>(i)))] = counts[i];
  }
  return json;
}

Json sample_json(const Sample& sample) {
  return {{"at", time_json(sample.at)},
          {"method", sample.method},
          {"target", sample.target},
          {"path", sample.path},
          {"left", sample.left},
          {"right", sample.right},
          {"skew_us", std::chrono::abs(sample.skew).count()},
          {"asked_first", to_string(asked_first(sample))}};
}

Json place_json(const Place& place) {
  Json samples = Json::array();
  for (const Sample& sample : place.samples) samples.push_back(sample_json(sample));
  return {{"path", place.path},
          {"kind", to_string(place.kind)},
          {"verdict", to_string(place.verdict)},
          {"count", place.count},
          {"samples", std::move(samples)}};
}

Json endpoint_json(const EndpointReport& endpoint) {
  Json differences = Json::array();
  for (const Place& place : endpoint.places) differences.push_back(place_json(place));
  return {{"endpoint", endpoint.endpoint},
          {"verdicts", verdicts_json(endpoint.verdicts)},
          {"differences", std::move(differences)}};
}

Json migration_json(const MigrationReport& migration) {
  Json endpoints = Json::array();
  for (const EndpointReport& endpoint : migration.endpoints) {
    endpoints.push_back(endpoint_json(endpoint));
  }
  return {{"name", migration.migration},
          {"epoch", migration.epoch},
          {"since", time_json(migration.since)},
          {"directions",
           {{"to_monolith", verdicts_json(migration.to_monolith)},
            {"to_legacy", verdicts_json(migration.to_legacy)}}},
          {"endpoints", std::move(endpoints)}};
}

}  // namespace

std::string render_json(const std::vector<MigrationReport>& report, WallTime now) {
  Json migrations = Json::array();
  for (const MigrationReport& migration : report) migrations.push_back(migration_json(migration));
  const Json json = {{"version", kReportVersion},
                     {"generated_at", time_json(now)},
                     {"migrations", std::move(migrations)}};
  // ASCII only: DEL, C1 and direction marks are escaped as well. Bytes that are not UTF-8 come out
  // as U+FFFD.
  return json.dump(kIndent, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace banyan::shadow
