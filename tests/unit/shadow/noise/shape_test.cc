#include "shadow/noise/shape.h"

#include <gtest/gtest.h>

#include <string>

namespace banyan::shadow {
namespace {

TEST(Shape, TellsFormatsApart) {
  struct Row {
    const char* path;
    const char* shown;
    Format format;
  };
  const Row rows[] = {
      {"$.a", "null", Format::null},
      {"$.a", "true", Format::boolean},
      {"$.a", "-17", Format::integer},
      {"$.a", "1.50", Format::number},
      {"$.a", "1e3", Format::number},
      {"$.a", R"({"b":1})", Format::object},
      {"$.a", "[1]", Format::array},
      {"$.a", R"("")", Format::empty},
      {"$.a", R"("123")", Format::digits},
      {"$.a", R"("12ab")", Format::hex},
      {"$.a", R"("zx_12")", Format::token},
      {"$.a", R"("9f8c1e02-7a4b-4c3d-8e9f-001122334455")", Format::uuid},
      {"$.a", R"("2026-11-22T12:00:00.5+01:00")", Format::timestamp},
      {"$.a", R"("no such user")", Format::text},
      {"header:last-modified", "Mon, 23 Nov 2026 05:09:15 GMT", Format::timestamp},
      {"header:x-id", "123", Format::digits},
      {"header:x-id", "", Format::empty},
      {"status", "200", Format::exact},
      {"header:content-type", "text/html", Format::exact},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(shape_of(row.path, row.shown).format, row.format) << row.path << " " << row.shown;
  }
  EXPECT_EQ(shape_of("header:content-type", "text/html; charset=utf-8"),
            shape_of("header:content-type", "text/html"));
}

TEST(ShapesSeen, AWiderFormatCoversANarrowerOne) {
  ShapesSeen seen;
  seen.add(shape_of("$.a", R"("zx_12")"));
  EXPECT_TRUE(seen.fits(shape_of("$.a", R"("12345")")));
  EXPECT_TRUE(seen.fits(shape_of("$.a", R"("12abc")")));
  EXPECT_FALSE(seen.fits(shape_of("$.a", R"("")")));
  EXPECT_FALSE(seen.fits(shape_of("$.a", R"("not a token")")));
  EXPECT_FALSE(seen.fits(shape_of("$.a", "12345")));
  seen = {};
  seen.add(shape_of("$.a", "0.5"));
  EXPECT_TRUE(seen.fits(shape_of("$.a", "1")));
  EXPECT_FALSE(seen.fits(shape_of("$.a", "null")));
}

TEST(ShapesSeen, LengthsCountOnceEnoughWereSeen) {
  const Shape usual = shape_of("$.a", '"' + std::string(20, 'z') + '"');
  const Shape tiny = shape_of("$.a", R"("z")");
  const Shape twice = shape_of("$.a", '"' + std::string(40, 'z') + '"');
  ShapesSeen seen;
  for (std::uint32_t i = 0; i + 1 < ShapesSeen::kLengthsFrom; ++i) seen.add(usual);
  EXPECT_TRUE(seen.fits(tiny));
  seen.add(usual);
  EXPECT_FALSE(seen.fits(tiny));
  EXPECT_TRUE(seen.fits(twice));
}

TEST(ShapesSeen, ANumberMayHaveAnyNumberOfDigits) {
  for (const char* const usual : {"123456", "0.1234567", R"("123456789")"}) {
    ShapesSeen seen;
    for (std::uint32_t i = 0; i < 2 * ShapesSeen::kLengthsFrom; ++i)
      seen.add(shape_of("$.a", usual));
    const std::string rare = *usual == '"' ? R"("7")" : "7";
    EXPECT_TRUE(seen.fits(shape_of("$.a", rare))) << usual;
  }
}

}  // namespace
}  // namespace banyan::shadow
