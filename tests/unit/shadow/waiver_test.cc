#include "shadow/waiver.h"

#include <gtest/gtest.h>

#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

Waiver waiver_for(const std::string& path) {
  Waiver waiver;
  std::string problem;
  EXPECT_TRUE(set_path(waiver, path, problem)) << problem;
  return waiver;
}

TEST(Waiver, CoversThePlaceThatAReportShows) {
  for (const char* path : {"$.items[*].price", "$.versions.*.dist", "$['a b']", "status", "body",
                           "header:x-a", "header:set-cookie[sid].path", "body[*]", "trailer:x"}) {
    EXPECT_TRUE(waiver_for(path).covers("m", "GET /a", {path, Kind::value})) << path;
  }
  EXPECT_FALSE(waiver_for("$.items[*].price").covers("m", "GET /a", {"$.items[*].name", {}}));
}

TEST(Waiver, PatternsCoverMore) {
  EXPECT_TRUE(waiver_for("$.**.price").covers("m", "e", {"$.items[*].price", Kind::value}));
  EXPECT_TRUE(waiver_for("$.items").covers("m", "e", {"$.items[*].price", Kind::value}));
}

TEST(Waiver, IsBoundByMigrationEndpointAndKind) {
  Waiver waiver = waiver_for("$.a");
  waiver.endpoint = "GET /a";
  waiver.migration = "orders";
  waiver.kind = Kind::value;
  EXPECT_TRUE(waiver.covers("orders", "GET /a", {"$.a", Kind::value}));
  EXPECT_FALSE(waiver.covers("stock", "GET /a", {"$.a", Kind::value}));
  EXPECT_FALSE(waiver.covers("orders", "GET /b", {"$.a", Kind::value}));
  EXPECT_FALSE(waiver.covers("orders", "GET /a", {"$.a", Kind::type}));
}

TEST(Waiver, TheRestThatHasNoNameIsNeverCovered) {
  EXPECT_FALSE(waiver_for("$.**.a").covers("m", std::string(kOther), {"$.a", Kind::value}));
  EXPECT_FALSE(waiver_for("$").covers("m", "GET /a", {std::string(kOther), Kind::value}));
}

TEST(Waiver, HoldsToTheEndOfItsDay) {
  Waiver waiver = waiver_for("$.a");
  EXPECT_TRUE(waiver.holds(report_time()));
  waiver.until = *waiver_end("2026-11-22");
  EXPECT_TRUE(waiver.holds(report_time()));
  EXPECT_FALSE(waiver.holds(waiver.until));
  waiver.until = *waiver_end("2026-11-22T13:37:05Z");
  EXPECT_FALSE(waiver.holds(report_time()));
}

TEST(Waiver, AnEndOutsideOfTheClockIsLongAgoOrFarAway) {
  Waiver waiver = waiver_for("$.a");
  for (const char* text : {"0000-01-01", "0026-12-31", "1677-09-21T00:12:43Z"}) {
    waiver.until = *waiver_end(text);
    EXPECT_FALSE(waiver.holds(report_time())) << text;
  }
  for (const char* text : {"2262-04-12", "9999-12-31T23:59:59Z"}) {
    waiver.until = *waiver_end(text);
    EXPECT_TRUE(waiver.holds(report_time())) << text;
  }
}

TEST(Waiver, EndsThatAreNoDays) {
  for (const char* text : {"", "2026", "2026-13-01", "2026-02-30", "26-01-01", "2026-1-1",
                           "2026-11-22T25:00:00Z", "2026-11-22T10:00:00", "tomorrow"}) {
    EXPECT_FALSE(waiver_end(text).has_value()) << text;
  }
}

TEST(WaiverSnippet, IsNotOfferedForWhatItCouldNotName) {
  EXPECT_TRUE(waiver_snippet("GET /a", {std::string(kOther), Kind::value}, report_time()).empty());
  EXPECT_TRUE(waiver_snippet("GET /a\x1b[2J", {"$.a", Kind::value}, report_time()).empty());
  EXPECT_TRUE(waiver_snippet("GET /a", {"$['\u202e']", Kind::value}, report_time()).empty());
}

}  // namespace
}  // namespace banyan::shadow
