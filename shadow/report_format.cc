#include "shadow/report_format.h"

#include <fmt/chrono.h>

namespace banyan::shadow {

std::string time_text(WallTime time) {
  if (time == WallTime{}) return "-";
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC",
                     fmt::gmtime(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string counted_since(const MigrationReport& migration) {
  if (migration.endpoints.empty()) return "Nothing was counted yet.";
  return "Counted since " + time_text(migration.since) + ".";
}

std::string grouped(std::uint64_t number) {
  std::string text = std::to_string(number);
  for (std::size_t at = text.size(); at > 3;) {
    at -= 3;
    text.insert(at, 1, ',');
  }
  return text;
}

std::string percent(std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return "-";
  if (part == 0) return "0 %";
  if (part == whole) return "100 %";
  const double share = 100.0 * static_cast<double>(part) / static_cast<double>(whole);
  if (share < 0.01) return "< 0.01 %";
  if (share >= 99.995) return "> 99.99 %";
  return fmt::format("{:.2f} %", share);
}

}  // namespace banyan::shadow
