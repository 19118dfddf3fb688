// Markdown, JUnit and HTML; and that what came from traffic does nothing in any format.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <sstream>

#include "shadow/curl.h"
#include "shadow/markup.h"
#include "shadow/report.h"
#include "shadow/report_html_style.h"
#include "shadow/report_reader.h"
#include "tests/unit/shadow/reports.h"

namespace banyan::shadow {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::array kFormats{ReportFormat::text, ReportFormat::json, ReportFormat::markdown,
                              ReportFormat::junit, ReportFormat::html};
// Those in which markup means something.
constexpr std::array kMarkup{ReportFormat::junit, ReportFormat::html};

std::string rendered(ReportFormat format, const std::vector<MigrationReport>& report) {
  return render(report, format, report_time());
}

// Everywhere where a report shows what traffic chose.
std::vector<MigrationReport> report_with(const std::string& text) {
  std::vector<MigrationReport> report = example_report();
  EndpointReport& endpoint = report[0].endpoints[0];
  endpoint.endpoint = text;
  Place& place = endpoint.places[0];
  place.path = text;
  place.samples = {{report_time(), text, text, text + "x", text, text + "y"}};
  return report;
}

TEST(ReportFormats, AreNamedAndHaveATypeEach) {
  for (const std::string_view word : {"text", "json", "markdown", "junit", "html"}) {
    ASSERT_TRUE(report_format_of(word)) << word;
    EXPECT_FALSE(media_type_of(*report_format_of(word)).empty());
  }
  EXPECT_FALSE(report_format_of("pdf"));
  EXPECT_EQ(media_type_of(ReportFormat::html), "text/html; charset=utf-8");
}

TEST(ReportFormats, SayThatNothingWasComparedYet) {
  EXPECT_THAT(rendered(ReportFormat::markdown, {}), HasSubstr("Nothing was compared yet."));
  EXPECT_THAT(rendered(ReportFormat::html, {}), HasSubstr("Nothing was compared yet."));
  EXPECT_THAT(rendered(ReportFormat::junit, {}),
              HasSubstr("<testsuites name=\"banyan report\">\n"));
  MigrationReport empty;
  empty.migration = "cart";
  EXPECT_THAT(rendered(ReportFormat::html, {empty}), HasSubstr("nothing was compared in this direction"));
  EXPECT_THAT(rendered(ReportFormat::junit, {empty}),
              HasSubstr("tests=\"1\" failures=\"0\" errors=\"0\" skipped=\"1\""));
}

TEST(ReportFormats, TheSameReportGivesTheSameBytes) {
  for (const ReportFormat format : kFormats) {
    EXPECT_EQ(rendered(format, example_report()), rendered(format, example_report()));
  }
}

// ---- Hostile values ---------------------------------------------------------------------------

TEST(ReportFormats, MarkupOfTrafficIsNoMarkup) {
  for (const std::string hostile :
       {"<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</pre></code><h1>x",
        "\" onmouseover=\"alert(1)", "' onload='alert(1)", "]]><x>", "<!--", "-->", "</style>",
        "<![CDATA[", "&lt;script&gt;", "<?php", "javascript:alert(1)"}) {
    for (const ReportFormat format : kMarkup) {
      const std::string out = rendered(format, report_with(hostile));
      const std::string quiet = rendered(format, report_with("quiet"));
      for (const std::string_view mark : {"<", ">", "\"", "'"}) {
        const auto count = [&](const std::string& text) {
          std::size_t found = 0;
          for (std::size_t at = text.find(mark); at != std::string::npos;
               at = text.find(mark, at + 1)) {
            ++found;
          }
          return found;
        };
        EXPECT_EQ(count(out), count(quiet)) << hostile << " brings a " << mark;
      }
    }
    EXPECT_THAT(rendered(ReportFormat::junit, report_with(hostile)), Not(HasSubstr("]]>")));
  }
}

TEST(ReportFormats, NoControlCharacterIsLeftInAnyOfThem) {
  std::string all;
  for (int c = 0; c < 0x20; ++c) all += static_cast<char>(c);
  all += "\x7f\xC2\x9B\xE2\x80\xAE\xFF\xEF\xBF\xBF";
  for (const ReportFormat format : kFormats) {
    const std::string out = rendered(format, report_with(all));
    for (const char c : out) {
      EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 || c == '\n') << static_cast<int>(c);
      EXPECT_NE(c, '\x7f');
    }
    for (const std::string_view bad : {"\xC2\x9B", "\xE2\x80\xAE", "\xFF"}) {
      EXPECT_EQ(out.find(bad), std::string::npos);
    }
  }
  EXPECT_EQ(rendered(ReportFormat::junit, report_with(all)).find("\xEF\xBF\xBF"), std::string::npos)
      << "XML has no room for it";
}

// Behind the entry for waivers stands nothing but its block.
std::pair<std::string, std::string> without_waivers(const std::string& report) {
  const std::size_t block = report.find("`yaml\n");
  if (block == std::string::npos) return {report, ""};
  const std::size_t begin = report.rfind('\n', block) + 1;
  return {report.substr(0, begin), report.substr(begin)};
}

// Text of traffic lies in code spans whose fence it can not close, outside of tables; or in the
// block of waivers, whose fence it can not close either.
TEST(ReportMarkdown, WhatTrafficSaysStaysInItsCodeSpan) {
  for (const std::string_view hostile :
       {"`a`", "```", "a``b", "| a | b |", "\\|", "[x](http://evil.test)", "![x](http://evil.test)",
        "@everyone", "#1", "<b>", "- [ ] x"}) {
    const std::string text = "zq" + std::string(hostile) + "qz";
    std::size_t longest = 0, run = 0;
    for (const char c : text) longest = std::max(longest, run = c == '`' ? run + 1 : 0);
    const std::string fence(longest + 1, '`');
    const auto [out, waivers] =
        without_waivers(rendered(ReportFormat::markdown, report_with(text)));
    const std::string block_fence = waivers.substr(0, waivers.find('y'));
    EXPECT_GE(block_fence.size(), std::max<std::size_t>(longest + 1, 3));
    EXPECT_EQ(waivers.find("\n" + block_fence), waivers.size() - block_fence.size() - 3);
    std::size_t found = 0;
    for (std::size_t at = out.find(text); at != std::string::npos; at = out.find(text, at + 1)) {
      ++found;
      EXPECT_EQ(out.substr(at - fence.size(), fence.size()), fence);
      const std::size_t begin = out.rfind('\n', at) + 1;
      EXPECT_NE(out[begin], '|') << "in a table: " << out.substr(begin, 80);
    }
    EXPECT_GE(found, 5U) << hostile;
  }
  EXPECT_THAT(rendered(ReportFormat::markdown, report_with("`a`")), HasSubstr(" at `` `a` ``\n"));
  EXPECT_THAT(rendered(ReportFormat::markdown, report_with(" ")), HasSubstr(" at `   `\n"));
}

TEST(ReportMarkdown, IsReadInAPullRequest) {
  const std::string out = rendered(ReportFormat::markdown, example_report());
  EXPECT_THAT(out, HasSubstr("## Migration `orders`\n"));
  EXPECT_THAT(out, HasSubstr("| to monolith | 12,345 | 12,000 | 345 | 12 | 2.79 % |\n"));
  EXPECT_THAT(out,
              HasSubstr("### `GET /orders/{id}`\n\n1,245 compared, **345 mismatch** (27.71 %)"));
  EXPECT_THAT(out, HasSubstr("- 1,290 × value at `$.items[*].price`\n  - legacy: `10`\n"
                             "  - monolith: `10.5`\n"));
  EXPECT_THAT(out, HasSubstr("  - monolith: (nothing)\n"));
}

TEST(ReportMarkdown, OffersEntriesForTheFileOfWaivers) {
  const std::string out = rendered(ReportFormat::markdown, example_report());
  EXPECT_THAT(out, HasSubstr("can be put into a file for `--waivers`:\n\n```yaml\n- path:"));
  EXPECT_TRUE(out.ends_with("```\n\n")) << out;
}

TEST(ReportMarkdown, AHostileNameDoesNotEndTheBlockOfWaivers) {
  const std::string out = rendered(ReportFormat::markdown, report_with("zq````qz"));
  EXPECT_THAT(out, HasSubstr("\n`````yaml\n"));
  EXPECT_TRUE(out.ends_with("\n`````\n\n")) << out;
}

TEST(Reports, SayWhenMismatchesFollowWritesOfTheSameKey) {
  auto report = example_report();
  constexpr std::string_view kWords = "7 of 345 mismatches to monolith came within a minute";
  for (const ReportFormat format :
       {ReportFormat::text, ReportFormat::markdown, ReportFormat::html}) {
    EXPECT_THAT(rendered(format, report), testing::Not(HasSubstr("within a minute")));
  }
  report[0].traffic[0].mismatches_after_write = 7;
  for (const ReportFormat format :
       {ReportFormat::text, ReportFormat::markdown, ReportFormat::html}) {
    EXPECT_THAT(rendered(format, report), HasSubstr(kWords));
  }
  const auto again = read_report(rendered(ReportFormat::json, report));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at(0).traffic[0].mismatches_after_write, 7U);
}

TEST(Reports, WholeBodiesAreInJsonAndFoldedInHtml) {
  auto report = example_report();
  Sample& sample = report[0].endpoints[0].places[0].samples[0];
  sample.left_body = "{\"price\": 10, \"note\": \"<script>zq\"}";
  const std::string html = rendered(ReportFormat::html, report);
  EXPECT_THAT(html, HasSubstr("The whole body of legacy"));
  EXPECT_THAT(html, testing::Not(HasSubstr("The whole body of the monolith")));
  EXPECT_THAT(html, testing::Not(HasSubstr("<script>zq")));
  const auto again = read_report(rendered(ReportFormat::json, report));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->at(0).endpoints[0].places[0].samples[0].left_body, sample.left_body);
}

TEST(ReportJunit, HasACaseForEachEndpoint) {
  const std::string out = rendered(ReportFormat::junit, example_report());
  EXPECT_THAT(
      out,
      HasSubstr(
          "<testsuite name=\"orders\" tests=\"3\" failures=\"2\" errors=\"0\" skipped=\"0\">"));
  EXPECT_THAT(
      out, HasSubstr("<testcase classname=\"orders\" name=\"GET /orders/{id}\">\n"
                     "      <failure type=\"mismatch\" message=\"345 of 1,245 differ (27.71 %)\">\n"
                     "1,290 x value at $.items[*].price\n"));
  EXPECT_THAT(out, HasSubstr("<testcase classname=\"orders\" name=\"GET /orders\"/>"));
}

// ---- HTML -------------------------------------------------------------------------------------

TEST(ReportHtml, NeedsNothingElse) {
  const std::string out = rendered(ReportFormat::html, example_report());
  for (const std::string_view none :
       {"<script", "<link", "<img", "<iframe", "http:", "https:", "url("}) {
    EXPECT_THAT(out, Not(HasSubstr(std::string(none))));
  }
  EXPECT_THAT(out,
              HasSubstr("default-src 'none'; style-src '" + std::string(kReportStyleHash) + "'"));
}

TEST(ReportHtml, ShowsWhatIsMostImportantFirst) {
  const std::string out = rendered(ReportFormat::html, example_report());
  const std::size_t verdict = out.find("<span class=\"badge not_ready\">not ready</span>");
  ASSERT_NE(verdict, std::string::npos);
  EXPECT_LT(verdict, out.find("<h2"));
  EXPECT_LT(out.find("$.items[*].price"), out.find("no_answer"));
}

TEST(ReportHtml, MarksWhatChangedBetweenCharacters) {
  std::vector<MigrationReport> report = example_report();
  Sample& sample = report[0].endpoints[0].places[0].samples[0];
  const auto shown = [&](std::string left, std::string right) {
    sample.left = std::move(left);
    sample.right = std::move(right);
    const std::string out = rendered(ReportFormat::html, report);
    const std::size_t from = out.find("<h4>legacy</h4><pre>") + 20;
    const std::size_t next = out.find("<h4>monolith</h4><pre>") + 22;
    return out.substr(from, out.find("</pre>", from) - from) + " | " +
           out.substr(next, out.find("</pre>", next) - next);
  };
  EXPECT_EQ(shown("abcXdef", "abcYYdef"), "abc<mark>X</mark>def | abc<mark>YY</mark>def");
  EXPECT_EQ(shown("10", "10.5"), "10 | 10<mark>.5</mark>");
  EXPECT_EQ(shown("aa", "aaa"), "aa | aa<mark>a</mark>");
  EXPECT_EQ(shown("\xC3\xA4", "\xC3\xB6"), "<mark>\xC3\xA4</mark> | <mark>\xC3\xB6</mark>");
  EXPECT_EQ(shown("a\xC3\xA4", "a\xC4\xA4"), "a<mark>\xC3\xA4</mark> | a<mark>\xC4\xA4</mark>");
  EXPECT_EQ(shown("", "<b>"), "<span class=\"quiet\">(nothing)</span> | <mark>&lt;b&gt;</mark>");
}

// ---- A request as a command -------------------------------------------------------------------

TEST(CurlCommand, IsWhatWasAskedAndNothingElseHappens) {
  EXPECT_EQ(curl_command("GET", "/orders/42?a=1"),
            "curl -i -X GET --path-as-is --globoff \"$BASE\"'/orders/42?a=1'");
  EXPECT_EQ(curl_command("HEAD", "/"), "curl -I --path-as-is --globoff \"$BASE\"'/'");
  EXPECT_EQ(curl_command("GET", "/$(reboot)`id`;x&y|z"),
            "curl -i -X GET --path-as-is --globoff \"$BASE\"'/$(reboot)`id`;x&y|z'");
  EXPECT_EQ(curl_command("GET", "/it's"),
            "curl -i -X GET --path-as-is --globoff \"$BASE\"'/it'\\''s'");
}

TEST(CurlCommand, IsNotMadeOfWhatIsNotKnownToTheLetter) {
  EXPECT_FALSE(curl_command("GET", "/a?token=(redacted)"));
  EXPECT_FALSE(curl_command("GET", "/a\u2026"));
  EXPECT_FALSE(curl_command("GET", "/a\nb"));
  EXPECT_FALSE(curl_command("GET", "a"));
  EXPECT_FALSE(curl_command("POST", "/a")) << "its body is not known";
  EXPECT_FALSE(curl_command("GET; x", "/a"));
}

}  // namespace
}  // namespace banyan::shadow
