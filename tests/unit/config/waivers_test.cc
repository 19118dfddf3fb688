#include "config/waivers.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace banyan::config {
namespace {

const WallTime kNow = WallTime{} + std::chrono::milliseconds(1'795'354'625'250);  // 2026-11-22

std::vector<std::string> problems_of(const std::string& yaml) {
  std::vector<std::string> all;
  for (const Problem& problem : load_waivers(yaml).problems) {
    const std::string text = to_text("w.yaml", problem);
    all.push_back(text.substr(0, text.find('\n')));
  }
  return all;
}

TEST(Waivers, AllKeys) {
  const LoadedWaivers loaded = load_waivers(R"(- path: "$.items[*].price"
  endpoint: GET /orders/{id}
  kind: value
  migration: orders
  reason: rounded since May
  until: 2026-12-31
- endpoint: GET /rare
  kind: too_little_traffic
  reason: once a month
)");
  ASSERT_TRUE(loaded.problems.empty()) << loaded.problems[0].message;
  ASSERT_EQ(loaded.waivers.size(), 2U);
  EXPECT_TRUE(loaded.waivers[0].too_little_traffic);
  const shadow::Waiver& price = loaded.waivers[1];
  EXPECT_EQ(price.endpoint, "GET /orders/{id}");
  EXPECT_EQ(price.kind, shadow::Kind::value);
  EXPECT_EQ(price.reason, "rounded since May");
  EXPECT_EQ(price.until_text, "2026-12-31");
}

TEST(Waivers, AnEmptyFileHasNone) {
  for (const char* text : {"", "# nothing yet\n", "[]\n"}) {
    EXPECT_TRUE(load_waivers(text).problems.empty()) << text;
    EXPECT_TRUE(load_waivers(text).waivers.empty()) << text;
  }
}

TEST(Waivers, TellsEveryProblemWithItsPlace) {
  const auto told = problems_of(R"(- path: "$.a["
  reason: why
- pth: $.a
  reason: ""
  kind: valu
  until: soon
- kind: too_little_traffic
  path: $.a
  reason: why
)");
  const std::vector<std::string> beginnings{
      "w.yaml:1:9: error: [0].path: \"$.a[\": ",
      "w.yaml:3:3: error: [1]: needs a path",
      "w.yaml:3:3: error: [1].pth: unknown key (did you mean \"path\"?)",
      "w.yaml:4:11: error: [1].reason: must not be empty",
      "w.yaml:5:9: error: [1].kind: ",
      "w.yaml:6:10: error: [1].until: ",
      "w.yaml:7:3: error: [2]: too_little_traffic needs an endpoint",
      "w.yaml:7:3: error: [2]: too_little_traffic has no path",
  };
  ASSERT_EQ(told.size(), beginnings.size()) << testing::PrintToString(told);
  for (const std::string& beginning : beginnings) {
    const bool found = std::any_of(told.begin(), told.end(), [&](const std::string& one) {
      return one.starts_with(beginning);
    });
    EXPECT_TRUE(found) << beginning << testing::PrintToString(told);
  }
}

TEST(Waivers, AReasonIsNeeded) {
  EXPECT_EQ(problems_of("- path: $.a\n").at(0),
            "w.yaml:1:3: error: [0].reason: missing, but required");
}

// What is pasted from a report accepts what the report shows.
TEST(WaiverSnippet, IsAFileOfWaivers) {
  for (const char* path : {"$.items[*].price", "$['it\\'s \"a\" \\\\ b']", "body[*]", "header:etag",
                           "$['\u00e4']", "$.a: &x {y}"}) {
    const shadow::PlaceName place{path, shadow::Kind::missing};
    const std::string text = shadow::waiver_snippet("GET /a/{id} \"x\" # y", place, kNow);
    if (text.empty()) continue;
    const LoadedWaivers loaded = load_waivers(text);
    ASSERT_TRUE(loaded.problems.empty()) << text << loaded.problems[0].message;
    ASSERT_EQ(loaded.waivers.size(), 1U);
    EXPECT_TRUE(loaded.waivers[0].covers("m", "GET /a/{id} \"x\" # y", place)) << text;
    EXPECT_TRUE(loaded.waivers[0].holds(kNow));
    EXPECT_FALSE(loaded.waivers[0].holds(kNow + std::chrono::hours(24 * 32)));
  }
}

TEST(WaiverSnippet, ForARareEndpoint) {
  const auto loaded = load_waivers(shadow::waiver_snippet_for_traffic("GET /a", kNow));
  ASSERT_TRUE(loaded.problems.empty());
  EXPECT_TRUE(loaded.waivers[0].excuses("m", "GET /a"));
  EXPECT_FALSE(loaded.waivers[0].excuses("m", "GET /b"));
}

}  // namespace
}  // namespace banyan::config
