// docs/operations.md and docs/reports.md against what there is.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "proxy/control/admin_api.h"
#include "proxy/observe/metrics.h"
#include "shadow/store/store_thread.h"

namespace banyan {
namespace {

std::string page(const std::string& name) {
  std::ostringstream text;
  text << std::ifstream(BANYAN_SOURCE_DIR "/docs/" + name).rdbuf();
  return text.str();
}

// Everything in backquotes.
std::set<std::string> words(const std::string& text) {
  std::set<std::string> found;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    for (std::size_t at = line.find('`'); at != std::string::npos; at = line.find('`', at + 1)) {
      const std::size_t end = line.find('`', at + 1);
      if (end == std::string::npos) break;
      found.insert(line.substr(at + 1, end - at - 1));
      at = end;
    }
  }
  return found;
}

TEST(OperationsPage, HasEveryPathOfTheAdminApi) {
  const std::set<std::string> documented = words(page("operations.md"));
  for (const control::AdminApi::Path& path : control::AdminApi::paths()) {
    std::string text(path.pattern);
    if (const auto at = text.find("{}"); at != std::string::npos) {
      const bool of_flag = text.find("/flags/") != std::string::npos;
      const bool of_difference = text.find("/differences/") != std::string::npos;
      text.replace(at, 2, of_flag ? "{flag}" : of_difference ? "{id}" : "{name}");
    }
    EXPECT_TRUE(documented.contains(text)) << path.method << " " << text;
  }
}

TEST(OperationsPage, HasEveryMetric) {
  const std::set<std::string> documented = words(page("operations.md"));
  observe::StatsRegistry stats(1);
  (void)stats.migration_slot("orders");
  (void)stats.upstream_slot("old");
  std::istringstream lines(observe::metrics_text(stats, {}, {}));
  std::size_t metrics = 0;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with("# TYPE ")) continue;
    ++metrics;
    const std::string name = line.substr(7, line.find(' ', 7) - 7);
    if (name.starts_with("process_")) continue;  // `process_*`
    EXPECT_TRUE(documented.contains(name)) << name;
  }
  EXPECT_GT(metrics, 20U);
}

TEST(ReportsPage, HasEveryReasonWhyThereIsNoCopyAndNoRecord) {
  const std::set<std::string> documented = words(page("reports.md"));
  for (std::size_t i = 0; i < shadow::kSkipCount; ++i) {
    const auto word = shadow::to_string(static_cast<shadow::Skip>(i));
    EXPECT_TRUE(documented.contains(std::string(word))) << word;
  }
  for (std::size_t i = 0; i < shadow::kStoreDropCount; ++i) {
    const auto word = shadow::to_string(static_cast<shadow::StoreDrop>(i));
    EXPECT_TRUE(documented.contains(std::string(word))) << word;
  }
}

}  // namespace
}  // namespace banyan
