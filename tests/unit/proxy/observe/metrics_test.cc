#include "proxy/observe/metrics.h"

#include <gtest/gtest.h>

#include <map>
#include <regex>
#include <set>
#include <sstream>

namespace banyan::observe {
namespace {

using std::chrono::microseconds;
using Samples = std::map<std::string, double>;

// The text as a reader of the exposition format sees it; a line it can not read fails the test.
Samples parsed(const std::string& text) {
  static const std::regex kSample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)*\})?) (\S+))");
  Samples samples;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("# ")) continue;
    std::smatch parts;
    EXPECT_TRUE(std::regex_match(line, parts, kSample)) << line;
    if (parts.size() < 3) continue;
    EXPECT_TRUE(samples.emplace(parts[1], std::stod(parts[2])).second) << "twice: " << line;
  }
  return samples;
}

Samples scrape(const StatsRegistry& stats, const ControlFacts& control = {}) {
  return parsed(metrics_text(stats, control, {}));
}

TEST(Metrics, AddUpOverAllWorkers) {
  StatsRegistry stats(2);
  const std::size_t orders = stats.migration_slot("orders");
  for (std::size_t w = 0; w < 2; ++w) {
    ArmStats& arm = stats.worker(w).migration(orders).of(Arm::monolith, Role::primary);
    arm.requests[code_class(200)].add(3);
    arm.duration.observe(microseconds(700));
    stats.worker(w).local_errors[static_cast<std::size_t>(ErrorCode::no_route)].add();
    stats.worker(w).downstream_connections.add(5);
  }
  const Samples samples = scrape(stats);
  const std::string labels = R"(migration="orders",arm="monolith",role="primary")";
  EXPECT_EQ(samples.at("banyan_requests_total{" + labels + R"(,code_class="2xx"})"), 6);
  EXPECT_EQ(samples.at("banyan_request_duration_seconds_bucket{" + labels + R"(,le="0.0005"})"), 0);
  EXPECT_EQ(samples.at("banyan_request_duration_seconds_bucket{" + labels + R"(,le="0.001"})"), 2);
  EXPECT_EQ(samples.at("banyan_request_duration_seconds_bucket{" + labels + R"(,le="+Inf"})"), 2);
  EXPECT_EQ(samples.at("banyan_request_duration_seconds_count{" + labels + "}"), 2);
  EXPECT_DOUBLE_EQ(samples.at("banyan_request_duration_seconds_sum{" + labels + "}"), 0.0014);
  EXPECT_EQ(samples.at(R"(banyan_local_errors_total{reason="no_route"})"), 2);
  EXPECT_EQ(samples.at("banyan_downstream_connections"), 10);
}

TEST(Metrics, CountGrpcCallsByTheirStatusWhereThereAreAny) {
  StatsRegistry stats(2);
  (void)stats.migration_slot("pages");
  const std::size_t orders = stats.migration_slot("orders");
  for (std::size_t w = 0; w < 2; ++w) {
    stats.worker(w).migration(orders).of(Arm::monolith, Role::primary).grpc_requests[14].add(2);
  }
  const Samples samples = scrape(stats);
  const std::string labels = R"(migration="orders",arm="monolith",role="primary",grpc_status=)";
  EXPECT_EQ(samples.at("banyan_grpc_requests_total{" + labels + R"("14"})"), 4);
  EXPECT_EQ(samples.at("banyan_grpc_requests_total{" + labels + R"("0"})"), 0);
  std::size_t series = 0;
  for (const auto& [name, value] : samples) {
    if (!name.starts_with("banyan_grpc_requests_total")) continue;
    ++series;
    EXPECT_NE(name.find(R"(migration="orders")"), std::string::npos) << name;
  }
  EXPECT_EQ(series, 7 * kGrpcStatuses);  // three roles of each arm, and controls of legacy
}

TEST(Metrics, TellWhatControlKnows) {
  const StatsRegistry stats(1);
  ControlFacts control;
  control.flags = {{"orders", 12'500, true}};
  control.endpoints = {{"shop", "127.0.0.1:1", false}};
  control.names = {{"shop.test", 3, 1, 2}};
  control.latched = {{"orders", true}};
  control.rollbacks[{"orders", "operator"}] = 2;
  control.config_reload_success = false;
  control.reloads_failed = 4;
  control.access_log_dropped = 9;
  control.version = "1.2.3";
  const Samples samples = scrape(stats, control);
  EXPECT_DOUBLE_EQ(samples.at(R"(banyan_flag_percent{flag="orders"})"), 12.5);
  EXPECT_EQ(samples.at(R"(banyan_flag_overridden{flag="orders"})"), 1);
  EXPECT_EQ(samples.at(R"(banyan_upstream_healthy{upstream="shop",endpoint="127.0.0.1:1"})"), 0);
  EXPECT_EQ(samples.at(R"(banyan_guardrail_latched{migration="orders"})"), 1);
  EXPECT_EQ(samples.at(R"(banyan_rollbacks_total{migration="orders",cause="operator"})"), 2);
  EXPECT_EQ(samples.at("banyan_config_reload_success"), 0);
  EXPECT_EQ(samples.at(R"(banyan_config_reloads_total{result="failure"})"), 4);
  EXPECT_EQ(samples.at(R"(banyan_log_dropped_total{log="access"})"), 9);
  EXPECT_EQ(samples.at(R"(banyan_build_info{version="1.2.3"})"), 1);
}

TEST(Metrics, HaveTheFamiliesThatScrapersRelyOn) {
  StatsRegistry stats(1);
  static_cast<void>(stats.migration_slot("orders"));
  static_cast<void>(stats.upstream_slot("shop"));
  ControlFacts control;
  control.flags = {{"orders", 0, false}};
  const std::string text = metrics_text(stats, control, process_facts());
  for (const char* family : {"banyan_requests_total",
                             "banyan_grpc_requests_total",
                             "banyan_request_duration_seconds",
                             "banyan_local_errors_total",
                             "banyan_comparisons_total",
                             "banyan_shadow_skipped_total",
                             "banyan_retries_total",
                             "banyan_flag_percent",
                             "banyan_flag_overridden",
                             "banyan_sticky_missing_total",
                             "banyan_rollbacks_total",
                             "banyan_guardrail_latched",
                             "banyan_readiness",
                             "banyan_config_reload_success",
                             "banyan_config_reloads_total",
                             "banyan_upstream_healthy",
                             "banyan_upstream_connections",
                             "banyan_downstream_connections",
                             "banyan_tunnels",
                             "banyan_log_dropped_total",
                             "banyan_build_info",
                             "process_cpu_seconds_total",
                             "process_resident_memory_bytes",
                             "process_open_fds",
                             "process_start_time_seconds"}) {
    EXPECT_NE(text.find("# TYPE " + std::string(family) + " "), std::string::npos) << family;
  }
  static_cast<void>(parsed(text));
}

TEST(Metrics, WhatBelongsToNoMigrationIsLegacys) {
  const StatsRegistry stats(1);
  for (const auto& [name, value] : scrape(stats)) {
    if (name.find("migration=\"none\"") == std::string::npos) continue;
    EXPECT_EQ(name.find("arm=\"monolith\""), std::string::npos) << name;
  }
}

TEST(Metrics, EscapeLabelValues) {
  const StatsRegistry stats(1);
  ControlFacts control;
  control.flags = {{"a\"b\\c\nd", 0, false}};
  EXPECT_TRUE(scrape(stats, control).contains(R"(banyan_flag_percent{flag="a\"b\\c\nd"})"));
}

TEST(ProcessFacts, AreThoseOfARunningProcess) {
  const ProcessFacts facts = process_facts();
  EXPECT_GT(facts.resident_bytes, 1024 * 1024);
  EXPECT_GE(facts.open_fds, 3);
  EXPECT_GE(facts.max_fds, facts.open_fds);
  const auto now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch());
  EXPECT_NEAR(facts.start_time_seconds, now.count(), 600);
}

}  // namespace
}  // namespace banyan::observe
