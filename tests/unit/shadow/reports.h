// tests/unit/shadow/reports.h: a report as most tests of reports need it.
#pragma once

#include <vector>

#include "shadow/difference_table.h"

namespace banyan::shadow {

// 2026-11-22 13:37:05.250 UTC
inline WallTime report_time() { return WallTime{} + std::chrono::milliseconds(1'795'354'625'250); }

// One migration; one endpoint differs at three places, the other nowhere.
inline std::vector<MigrationReport> example_report() {
  const WallTime now = report_time();
  MigrationReport orders;
  orders.migration = "orders";
  orders.epoch = "2026-11-22.3";
  orders.since = now - std::chrono::hours(1);
  orders.to_monolith = {12'000, 0, 0, 345, 12};
  orders.to_legacy = {7, 0, 0, 0, 0};
  EndpointReport endpoint;
  endpoint.endpoint = "GET /orders/{id}";
  endpoint.verdicts = {900, 0, 0, 345, 12};
  Sample sample{now, "GET", "/orders/42?a=1", "$.items[17].price", "10", "10.5"};
  endpoint.places.push_back({"$.items[*].price", Kind::value, 1'290, {sample}});
  endpoint.places.push_back(
      {"status", Kind::no_answer, 3, {{now, "GET", "/orders/7", "status", "200", "timed_out"}}});
  endpoint.places.push_back({"$.note", Kind::missing, 1, {{now, "GET", "/o", "$.note", "1", ""}}});
  orders.endpoints.push_back(endpoint);
  EndpointReport quiet;
  quiet.endpoint = "GET /orders";
  quiet.verdicts = {11'107, 0, 0, 0, 0};
  orders.endpoints.push_back(quiet);
  return {orders};
}

}  // namespace banyan::shadow
