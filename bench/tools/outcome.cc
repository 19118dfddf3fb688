#include "bench/tools/outcome.h"

#include <fmt/format.h>

#include <algorithm>

namespace banyan::bench {
namespace {

// Errors quote what a peer sent.
std::string quoted(const std::string& text) {
  std::string safe = text;
  std::replace_if(
      safe.begin(), safe.end(), [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; },
      '?');
  return '"' + safe + '"';
}

std::string percentiles(Nanoseconds values) {
  std::sort(values.begin(), values.end());
  const auto at = [&](double share) {
    if (values.empty()) return 0.0;
    const auto rank = static_cast<std::size_t>(share * static_cast<double>(values.size()));
    return static_cast<double>(values[std::min(rank, values.size() - 1)]) / 1000;
  };
  return fmt::format(
      R"({{"count":{},"p50":{:.1f},"p90":{:.1f},"p99":{:.1f},"p999":{:.1f},"max":{:.1f}}})",
      values.size(), at(0.5), at(0.9), at(0.99), at(0.999), at(1));
}

}  // namespace

std::string to_json(const Outcome& outcome) {
  Nanoseconds all;
  std::string by_server;
  for (const auto& [name, values] : outcome.latencies) {
    all.insert(all.end(), values.begin(), values.end());
    if (!name.empty()) by_server += "," + quoted(name) + ":" + percentiles(values);
  }
  return fmt::format(R"({{"ok":{},"errors":{},"first_error":{},"seconds":{:.6f},"late_us":{},)"
                     R"("latency_us":{{"all":{}{}}}}})",
                     all.size(), outcome.errors, quoted(outcome.first_error),
                     static_cast<double>(outcome.took_ns) / 1e9, percentiles(outcome.lateness),
                     percentiles(all), by_server);
}

}  // namespace banyan::bench
