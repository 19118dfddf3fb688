// The report as JSON; its schema stands in docs/reports.md.
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

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

// In percent, to six digits: the same on every machine.
double percent_of(double share) { return std::stod(fmt::format("{:.6g}", share * 100)); }
double percent_of(std::uint32_t thousandths) { return thousandths / 1000.0; }

Json verdicts_json(const VerdictCounts& counts) {
  Json json = Json::object();
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    json[std::string(to_string(static_cast<Verdict>(i)))] = counts[i];
  }
  return json;
}

Json words_json(const WordCounts& counts) {
  Json json = Json::object();
  for (const auto& [word, count] : counts) json[word] = count;
  return json;
}

std::string hex(const DistinctKeys& keys) {
  std::string text;
  for (const std::uint32_t hash : keys.kept()) text += fmt::format("{:08x}", hash);
  return text;
}

// `served_by` legacy: the copies went to the monolith.
Json direction_json(const MigrationReport& migration, Arm served_by) {
  const VerdictCounts& counts =
      served_by == Arm::legacy ? migration.to_monolith : migration.to_legacy;
  const Traffic& traffic = migration.traffic[index_of(served_by)];
  const DistinctKeys& keys = migration.keys[index_of(served_by)];
  WordCounts reasons;
  for (const EndpointReport& endpoint : migration.endpoints) {
    for (const auto& [word, count] : endpoint.tally.reasons[index_of(served_by)]) {
      reasons[word] += count;
    }
  }
  const std::uint64_t pairs = pairs_of(counts);
  Json json = verdicts_json(counts);
  json["seen"] = traffic.seen;
  json["eligible"] = eligible_of(traffic, pairs);
  json["sampled"] = sampled_of(traffic, pairs);
  json["compared"] = compared_of(counts);
  json["mismatch_after_write"] = traffic.mismatches_after_write;
  json["not_comparable_by_reason"] = words_json(reasons);
  json["skipped"] = words_json(traffic.skipped);
  json["keys"] = keys.count();
  json["key_hashes"] = hex(keys);
  return json;
}

Json judgement_json(const Judgement& made) {
  Json lacks = Json::array();
  for (const Lack lack : made.lacks) lacks.push_back(to_string(lack));
  const double coverage =
      made.sampled == 0 ? 0
                        : static_cast<double>(made.compared) / static_cast<double>(made.sampled);
  return {{"state", to_string(made.state)},
          {"lacks", std::move(lacks)},
          {"sampled", made.sampled},
          {"compared", made.compared},
          {"coverage", percent_of(coverage)},
          {"mismatch", made.mismatch},
          {"waived", made.waived},
          {"rate_lower", percent_of(made.lower)},
          {"rate_upper", percent_of(made.upper)},
          {"single_look_upper", percent_of(made.single_look_upper)},
          {"more_clean", made.more_clean ? Json(*made.more_clean) : Json()}};
}

Json settings_json(const ReadinessSettings& settings) {
  return {{"max_mismatch_rate", percent_of(settings.max_mismatch_rate)},
          {"min_compared", settings.min_compared},
          {"min_keys", settings.min_keys},
          {"min_coverage", percent_of(settings.min_coverage)},
          {"direction", "to_" + std::string(to_string(settings.shadow))}};
}

Json readiness_json(const MigrationReport& judged) {
  Json json = judgement_json(judged.judgement);
  json["keys"] = judged.keys[index_of(other(judged.settings.shadow))].count();
  json["asked_for"] = settings_json(judged.settings);
  Json endpoints = {{"ready", 0U}, {"inconclusive", 0U}, {"not_ready", 0U}};
  for (const EndpointReport& endpoint : judged.endpoints) {
    if (!endpoint.judgement.is_judged()) continue;
    Json& count = endpoints[std::string(to_string(endpoint.judgement.state))];
    count = count.get<std::uint64_t>() + 1;
  }
  json["endpoints"] = std::move(endpoints);
  return json;
}

Json waiver_json(const Waiver& waiver, WallTime now) {
  return {{"path", text_or_null(waiver.path)},
          {"endpoint", text_or_null(waiver.endpoint)},
          {"migration", text_or_null(waiver.migration)},
          {"kind", waiver.too_little_traffic ? Json(kTooLittleTraffic)
                   : waiver.kind             ? Json(to_string(*waiver.kind))
                                             : Json()},
          {"reason", waiver.reason},
          {"until", text_or_null(waiver.until_text)},
          {"expired", !waiver.holds(now)}};
}

Json sample_json(const Sample& sample) {
  Json json{{"at", time_json(sample.at)},
            {"method", sample.method},
            {"target", sample.target},
            {"path", sample.path},
            {"left", sample.left},
            {"right", sample.right},
            {"skew_us", std::chrono::abs(sample.skew).count()},
            {"asked_first", to_string(asked_first(sample))}};
  if (!sample.left_body.empty()) json["left_body"] = sample.left_body;
  if (!sample.right_body.empty()) json["right_body"] = sample.right_body;
  return json;
}

Json place_json(const MigrationReport& migration, const Place& place, WallTime now) {
  Json samples = Json::array();
  for (const Sample& sample : place.samples) samples.push_back(sample_json(sample));
  return {{"path", place.path},
          {"kind", to_string(place.kind)},
          {"verdict", to_string(place.verdict)},
          {"count", place.count},
          {"first_seen", time_json(place.first_seen)},
          {"last_seen", time_json(place.last_seen)},
          {"waived", place.is_waived},
          {"waiver", place.waiver ? waiver_json(migration.waivers[*place.waiver], now) : Json()},
          {"samples", std::move(samples)}};
}

Json mismatches_json(const Tally& tally) {
  Json all = Json::array();
  for (const auto& [places, pairs] : tally.mismatches) {
    Json names = Json::array();
    for (const PlaceName& place : places) {
      names.push_back({{"path", place.path}, {"kind", to_string(place.kind)}});
    }
    all.push_back({{"places", std::move(names)},
                   {"to_monolith", pairs[index_of(Arm::legacy)]},
                   {"to_legacy", pairs[index_of(Arm::monolith)]}});
  }
  return all;
}

Json latency_json(const Histogram& histogram) {
  Json json{{"count", histogram.count()}};
  for (const auto& [name, share] : {std::pair("p50_us", 0.5), {"p90_us", 0.9}, {"p99_us", 0.99}}) {
    const auto value = histogram.quantile(share);
    json[name] = value ? Json(value->count()) : Json();
  }
  Json buckets = Json::array();
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    buckets.push_back({Histogram::lower_end(bucket.index).count(), bucket.count});
  }
  json["buckets"] = std::move(buckets);
  return json;
}

Json endpoint_direction_json(const Tally& tally, Arm served_by) {
  Json json = verdicts_json(tally.verdicts[index_of(served_by)]);
  json["not_comparable_by_reason"] = words_json(tally.reasons[index_of(served_by)]);
  return json;
}

Json endpoint_json(const MigrationReport& migration, const EndpointReport& endpoint, WallTime now) {
  Json differences = Json::array();
  for (const Place& place : endpoint.places) {
    differences.push_back(place_json(migration, place, now));
  }
  const Tally& tally = endpoint.tally;
  Json readiness;
  if (endpoint.judgement.is_judged()) {
    readiness = judgement_json(endpoint.judgement);
    readiness["waived_for_traffic"] = endpoint.judgement.waived_for_traffic;
  }
  return {{"endpoint", endpoint.endpoint},
          {"verdicts", verdicts_json(endpoint.verdicts)},
          {"readiness", std::move(readiness)},
          {"directions",
           {{"to_monolith", endpoint_direction_json(tally, Arm::legacy)},
            {"to_legacy", endpoint_direction_json(tally, Arm::monolith)}}},
          {"latency",
           {{"legacy", latency_json(tally.latency[index_of(Arm::legacy)])},
            {"monolith", latency_json(tally.latency[index_of(Arm::monolith)])}}},
          {"mismatches", mismatches_json(tally)},
          {"differences", std::move(differences)}};
}

Json migration_json(const MigrationReport& migration, WallTime now) {
  Json endpoints = Json::array(), waivers = Json::array();
  for (const EndpointReport& endpoint : migration.endpoints) {
    endpoints.push_back(endpoint_json(migration, endpoint, now));
  }
  for (const Waiver& waiver : migration.waivers) waivers.push_back(waiver_json(waiver, now));
  return {{"name", migration.migration},
          {"epoch", migration.epoch},
          {"since", time_json(migration.since)},
          {"readiness", readiness_json(migration)},
          {"directions",
           {{"to_monolith", direction_json(migration, Arm::legacy)},
            {"to_legacy", direction_json(migration, Arm::monolith)}}},
          {"waivers", std::move(waivers)},
          {"endpoints", std::move(endpoints)}};
}

// ASCII only: DEL, C1 and direction marks are escaped as well. Bytes that are not UTF-8 come out as
// U+FFFD.
std::string dumped(const Json& json) {
  return json.dump(kIndent, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string render_json(const std::vector<MigrationReport>& report, WallTime now) {
  Json migrations = Json::array();
  for (const MigrationReport& migration : report) {
    migrations.push_back(migration_json(migration, now));
  }
  return dumped({{"version", kReportVersion},
                 {"generated_at", time_json(now)},
                 {"migrations", std::move(migrations)}});
}

std::string render_readiness(const MigrationReport& judged) {
  return dumped(readiness_json(judged));
}

}  // namespace banyan::shadow
