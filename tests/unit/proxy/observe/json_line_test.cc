#include "proxy/observe/json_line.h"

#include <gtest/gtest.h>

#include <array>
#include <nlohmann/json.hpp>
#include <random>
#include <string>

namespace banyan::observe {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

std::string line_with(std::string_view value, std::size_t bytes_max = 1000) {
  std::array<char, 8192> buffer{};
  JsonLine line(buffer);
  line.add<"v">(value, bytes_max);
  return std::string(line.finish());
}

std::string timestamp(WallTime at) {
  std::array<char, kTimestampBytes> text{};
  put_timestamp(text, at);
  return {text.data(), text.size()};
}

TEST(Timestamp, IsRfc3339WithMicrosecondsInUtc) {
  const WallTime epoch{};
  EXPECT_EQ(timestamp(epoch), "1970-01-01T00:00:00.000000Z");
  EXPECT_EQ(timestamp(epoch + 951'827'696s + 7us), "2000-02-29T12:34:56.000007Z");
  EXPECT_EQ(timestamp(epoch + 1'795'354'493s + 999'999us), "2026-11-22T13:34:53.999999Z");
  EXPECT_EQ(timestamp(epoch - 1us), "1969-12-31T23:59:59.999999Z");
}

TEST(JsonLine, EscapesWhatWouldEndTheLineTheTextOrMoveACursor) {
  const std::pair<std::string, std::string> table[] = {{"plain", "plain"},
                                                       {"\"", "\\\""},
                                                       {"\\", "\\\\"},
                                                       {"\n\r\t", "\\u000a\\u000d\\u0009"},
                                                       {std::string("\0", 1), "\\u0000"},
                                                       {"\x1b[31m", "\\u001b[31m"},
                                                       {"\x7f", "\\u007f"},
                                                       {"\xC2\x85", "\\u0085"},
                                                       {"\xC2\xA0", "\xC2\xA0"},
                                                       {"\xE2\x80\xA8", "\\u2028"},
                                                       {"\xE2\x80\xAE", "\\u202e"},
                                                       {"\xE2\x81\xA6", "\\u2066"},
                                                       {"\xC3\xA4", "\xC3\xA4"},
                                                       {"\xF0\x9F\x8C\xB3", "\xF0\x9F\x8C\xB3"}};
  for (const auto& [value, escaped] : table) {
    EXPECT_EQ(line_with(value), "{\"v\":\"" + escaped + "\"}\n");
  }
}

TEST(JsonLine, ReplacesWhatIsNoUtf8) {
  const std::string_view table[] = {"\x80",         "\xC0\xAF",         "\xC3",
                                    "\xE0\x80\x80", "\xED\xA0\x80",     "\xF5\x80\x80\x80",
                                    "\xE2\x82",     "\xF4\x90\x80\x80", "\xFF"};
  for (const std::string_view value : table) {
    std::string expected;
    for (std::size_t i = 0; i < value.size(); ++i) expected += "\\ufffd";
    EXPECT_EQ(line_with(value), "{\"v\":\"" + expected + "\"}\n") << testing::PrintToString(value);
  }
}

TEST(JsonLine, CutsAtACharacterAndMarksIt) {
  EXPECT_EQ(line_with("abcdef", 6), "{\"v\":\"abcdef\"}\n");
  EXPECT_EQ(line_with("abcdefg", 6), "{\"v\":\"abcdef\xE2\x80\xA6\"}\n");
  EXPECT_EQ(line_with("ab\xC3\xA4\xC3\xA4", 3), "{\"v\":\"ab\xE2\x80\xA6\"}\n");
  EXPECT_EQ(line_with("\xF0\x9F\x8C\xB3\xF0\x9F\x8C\xB3", 7),
            "{\"v\":\"\xF0\x9F\x8C\xB3\xE2\x80\xA6\"}\n");
}

TEST(JsonLine, LeavesOutWholeMembersThatDoNotFit) {
  for (std::size_t size = 0; size < 120; ++size) {
    std::vector<char> buffer(size);
    JsonLine line(buffer);
    line.add<"first">("some \"text\"", 100);
    line.add_plain<"plain">("some text");
    line.add<"second">(std::uint64_t{18446744073709551615U});
    line.add<"third">(true);
    const std::string_view text = line.finish();
    EXPECT_LE(text.size(), size);
    EXPECT_TRUE(size < 3 || json::accept(text)) << size << ": " << text;
  }
}

TEST(JsonLine, StaysOneValidLineWhateverComes) {
  const unsigned seed = std::random_device{}();
  SCOPED_TRACE(seed);
  std::mt19937 random(seed);
  for (int round = 0; round < 20'000; ++round) {
    std::string value(random() % 40, '\0');
    for (char& c : value)
      c = static_cast<char>(random() % 3 == 0 ? 0xC0U + random() % 64 : random());
    const std::string line = line_with(value, 1 + random() % 40);
    ASSERT_TRUE(json::accept(line)) << testing::PrintToString(value);
    ASSERT_EQ(line.find('\n'), line.size() - 1);
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      ASSERT_GE(static_cast<unsigned char>(line[i]), 0x20U);
    }
  }
}

TEST(JsonLine, KeepsValidTextAsItIs) {
  const std::string text =
      "Gr\xC3\xB6\xC3\x9F"
      "e \xF0\x9F\x8C\xB3 \"q\" \\ \n";
  EXPECT_EQ(json::parse(line_with(text))["v"], text);
}

}  // namespace
}  // namespace banyan::observe
