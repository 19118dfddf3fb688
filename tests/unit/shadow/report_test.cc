#include "shadow/report.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

using namespace std::string_literals;

WallTime now() { return report_time(); }
std::vector<MigrationReport> example() { return example_report(); }

TEST(ReportText, IsWhatAPersonSigns) {
  EXPECT_EQ(render(example(), ReportFormat::text, now()),
            R"(Shadow-diff report of 2026-11-22 13:37:05 UTC

Migration orders, epoch 2026-11-22.3, since 2026-11-22 12:37:05 UTC
===================================================================

  Readiness, to monolith: not ready
    - the mismatch rate is above 0.1 %: at least 1.77 %
    - 0 sticky keys came by, 100 are asked for
    - of some pairs the endpoint is not known
  12,345 of 12,357 drawn exchanges were compared (99.90 %); 345 mismatches are not waived
  mismatch rate between 1.77 % and 4.14 %, however often one looks (goal: below 0.1 %; a single look: below 3.05 %)

  shadow          compared       match       noise   transient    mismatch  not comparable    mismatch
  to monolith       12,345      12,000           0           0         345              12      2.79 %
  to legacy              7           7           0           0           0               0         0 %

  GET /orders/{id}
    1,245 compared, 345 mismatch (27.71 %), 12 not comparable

         count  kind       path
         1,290  value      $.items[*].price
                2026-11-22 13:37:05 UTC  GET /orders/42?a=1  $.items[17].price
                  legacy    10
                  monolith  10.5
             3  no_answer  status
                2026-11-22 13:37:05 UTC  GET /orders/7
                  legacy    200
                  monolith  timed_out
             1  missing    $.note
                2026-11-22 13:37:05 UTC  GET /o
                  legacy    1
                  monolith  (nothing)

  GET /orders
    11,107 compared, 0 mismatch (0 %)

  What is meant to differ can be put into a file for --waivers:

- path: "$.items[*].price"
  endpoint: "GET /orders/{id}"
  kind: value
  reason: "accepted on 2026-11-22: say why"
  until: 2026-12-22
- path: "status"
  endpoint: "GET /orders/{id}"
  kind: no_answer
  reason: "accepted on 2026-11-22: say why"
  until: 2026-12-22
- path: "$.note"
  endpoint: "GET /orders/{id}"
  kind: missing
  reason: "accepted on 2026-11-22: say why"
  until: 2026-12-22
)");
}

TEST(ReportText, SaysWhereNothingWasCompared) {
  EXPECT_EQ(render({}, ReportFormat::text, now()),
            "Shadow-diff report of 2026-11-22 13:37:05 UTC\n\nNothing was compared yet.\n");
  MigrationReport empty;
  empty.migration = "orders";
  const std::string text = render({empty}, ReportFormat::text, now());
  EXPECT_NE(text.find("Migration orders\n"), std::string::npos) << text;
  EXPECT_NE(text.find("  to monolith            0"), std::string::npos) << text;
}

TEST(ReportText, NeverRoundsToNothingOrToAll) {
  auto report = example();
  report[0].endpoints.clear();
  report[0].to_monolith = {1'000'000, 0, 0, 1, 0};
  EXPECT_NE(render(report, ReportFormat::text, now()).find("< 0.01 %"), std::string::npos);
  report[0].to_monolith = {1, 0, 0, 1'000'000, 0};
  EXPECT_NE(render(report, ReportFormat::text, now()).find("> 99.99 %"), std::string::npos);
  report[0].to_monolith = {0, 0, 0, 5, 0};
  EXPECT_NE(render(report, ReportFormat::text, now()).find("100 %"), std::string::npos);
}

std::vector<MigrationReport> hostile() {
  const std::string evil = "\x1b[2J\x07\x7f\u009b1m\u202e\xff\nfake line\0"s;
  auto report = example();
  report[0].migration += evil;
  report[0].epoch += evil;
  EndpointReport& endpoint = report[0].endpoints[0];
  endpoint.endpoint += evil;
  endpoint.places[0].path += evil;
  Sample& sample = endpoint.places[0].samples[0];
  for (std::string* text :
       {&sample.method, &sample.target, &sample.path, &sample.left, &sample.right}) {
    *text += evil;
  }
  return report;
}

TEST(Report, NoControlCharacterReachesATerminal) {
  for (const ReportFormat format : {ReportFormat::text, ReportFormat::json}) {
    const std::string text = render(hostile(), format, now());
    for (const char c : text) {
      const auto byte = static_cast<unsigned char>(c);
      ASSERT_TRUE((byte >= 0x20 && byte < 0x7F) || c == '\n') << text;
    }
    EXPECT_EQ(text.find("\nfake line"), std::string::npos);
  }
  EXPECT_TRUE(nlohmann::json::accept(render(hostile(), ReportFormat::json, now())));
}

TEST(ReportJson, HasTheShapeThatProgramsRead) {
  const auto json = nlohmann::json::parse(render(example(), ReportFormat::json, now()));
  const auto expected = nlohmann::json::parse(R"({
    "version": 1,
    "generated_at": "2026-11-22T13:37:05.250Z",
    "migrations": [{
      "name": "orders", "epoch": "2026-11-22.3", "since": "2026-11-22T12:37:05.250Z",
      "directions": {
        "to_monolith": {"match": 12000, "noise": 0, "transient": 0, "mismatch": 345,
                        "not_comparable": 12},
        "to_legacy": {"match": 7, "noise": 0, "transient": 0, "mismatch": 0, "not_comparable": 0}},
      "endpoints": [
        {"endpoint": "GET /orders/{id}",
         "verdicts": {"match": 900, "noise": 0, "transient": 0, "mismatch": 345,
                      "not_comparable": 12},
         "differences": [
           {"path": "$.items[*].price", "kind": "value", "verdict": "mismatch", "count": 1290, "samples": [
             {"at": "2026-11-22T13:37:05.250Z", "method": "GET", "target": "/orders/42?a=1",
              "path": "$.items[17].price", "left": "10", "right": "10.5", "skew_us": 0, "asked_first": "legacy"}]},
           {"path": "status", "kind": "no_answer", "verdict": "mismatch", "count": 3, "samples": [
             {"at": "2026-11-22T13:37:05.250Z", "method": "GET", "target": "/orders/7",
              "path": "status", "left": "200", "right": "timed_out", "skew_us": 0, "asked_first": "legacy"}]},
           {"path": "$.note", "kind": "missing", "verdict": "mismatch", "count": 1, "samples": [
             {"at": "2026-11-22T13:37:05.250Z", "method": "GET", "target": "/o",
              "path": "$.note", "left": "1", "right": "", "skew_us": 0, "asked_first": "legacy"}]}]},
        {"endpoint": "GET /orders",
         "verdicts": {"match": 11107, "noise": 0, "transient": 0, "mismatch": 0,
                      "not_comparable": 0},
         "differences": []}]}]})");
  // More keys may stand beside those that programs rely on.
  const std::function<void(const nlohmann::json&, const nlohmann::json&, const std::string&)> has =
      [&](const nlohmann::json& found, const nlohmann::json& wanted, const std::string& at) {
        if (wanted.is_object()) {
          for (const auto& [key, value] : wanted.items()) {
            ASSERT_TRUE(found.contains(key)) << at << "." << key;
            has(found[key], value, at + "." + key);
          }
        } else if (wanted.is_array()) {
          ASSERT_EQ(found.size(), wanted.size()) << at;
          for (std::size_t i = 0; i < wanted.size(); ++i) {
            has(found[i], wanted[i], at + "[" + std::to_string(i) + "]");
          }
        } else {
          EXPECT_EQ(found, wanted) << at;
        }
      };
  has(json, expected, "$");
  const auto empty = nlohmann::json::parse(render({{}}, ReportFormat::json, now()));
  EXPECT_TRUE(empty["migrations"][0]["since"].is_null());
}

}  // namespace
}  // namespace banyan::shadow
