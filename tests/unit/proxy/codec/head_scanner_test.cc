#include "proxy/codec/head_scanner.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/seed.h"

namespace banyan::codec {
namespace {

using Step = HeadScanner::Step;

constexpr ScanLimits kHead{.bytes_max = 1000,
                           .start_line_max = 100,
                           .fields_max = 5,
                           .blank_lines_max = 2,
                           .has_start_line = true};
constexpr ScanLimits kTrailers{.bytes_max = 100,
                               .start_line_max = 100,
                               .fields_max = 2,
                               .blank_lines_max = 0,
                               .has_start_line = false};

struct Seen {
  Step step = Step::incomplete;
  HeadFault fault = HeadFault::none;
  std::size_t taken = 0;  // of an accepted section

  bool operator==(const Seen&) const = default;
};

Seen scan(std::string_view text, const ScanLimits& limits, std::size_t piece_max) {
  HeadScanner scanner;
  Seen seen;
  for (std::size_t at = 0; at < text.size() && seen.step == Step::incomplete;) {
    const std::string_view piece = text.substr(at, piece_max);
    std::size_t taken = 0;
    seen.step = scanner.scan(piece, limits, taken);
    at += taken;
    seen.taken = at;
    EXPECT_TRUE(seen.step != Step::incomplete || taken == piece.size());
  }
  seen.fault = scanner.fault();
  if (seen.step == Step::refused) seen.taken = 0;
  return seen;
}

Seen scan(std::string_view text, const ScanLimits& limits = kHead) {
  const Seen whole = scan(text, limits, text.size() + 1);
  for (const std::size_t piece : {1U, 2U, 3U, 7U}) {
    EXPECT_EQ(scan(text, limits, piece), whole) << "pieces of " << piece << ": " << text;
  }
  return whole;
}

TEST(HeadScanner, FindsTheEndOfAHeadAndLeavesTheRest) {
  const std::string head = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
  EXPECT_EQ(scan(head + "body\r\n\r\n"), (Seen{Step::complete, HeadFault::none, head.size()}));
}

TEST(HeadScanner, IsIncompleteBeforeEveryLastByte) {
  const std::string head = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    EXPECT_EQ(scan(head.substr(0, size)).step, Step::incomplete) << size;
  }
}

TEST(HeadScanner, RefusesWhatIsNoLine) {
  const struct {
    std::string_view text;
    HeadFault fault;
  } rows[] = {
      {"GET / HTTP/1.1\nA: b\r\n\r\n", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: b\n\r\n", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: b\r\n\n", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: b\r\n\rX", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: \rB: c\r\n\r\n", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: b\r\r\n\r\n", HeadFault::bare_cr_or_lf},
      {"\nGET / HTTP/1.1\r\n\r\n", HeadFault::bare_cr_or_lf},
      {"\rGET / HTTP/1.1\r\n\r\n", HeadFault::bare_cr_or_lf},
      {"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n", HeadFault::bad_line_start},
      {"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n", HeadFault::bad_line_start},
      {"GET / HTTP/1.1\r\n: b\r\n\r\n", HeadFault::bad_line_start},
      {" GET / HTTP/1.1\r\n\r\n", HeadFault::bad_line_start},
      {"\x16\x03\x01 a TLS hello", HeadFault::bad_line_start},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(scan(row.text), (Seen{Step::refused, row.fault, 0})) << row.text;
  }
}

TEST(HeadScanner, ToleratesSomeBlankLinesBeforeTheStartLine) {
  HeadScanner scanner;
  std::size_t taken = 0;
  EXPECT_EQ(scanner.scan("\r\n\r\n", kHead, taken), Step::incomplete);
  EXPECT_FALSE(scanner.begun());
  EXPECT_EQ(scanner.leading(), 4U);
  EXPECT_EQ(scanner.scan("G", kHead, taken), Step::incomplete);
  EXPECT_TRUE(scanner.begun());
  EXPECT_EQ(scan("\r\n\r\n\r\nGET / HTTP/1.1\r\n\r\n").fault, HeadFault::too_many_blank_lines);
}

TEST(HeadScanner, HoldsEachLimitToTheByte) {
  const std::string line(98, 'x');
  EXPECT_EQ(scan(line + "\r\n\r\n").step, Step::complete);
  EXPECT_EQ(scan(line + "y\r\n\r\n").fault, HeadFault::start_line_too_long);

  const std::string field = "A: " + std::string(1000 - 3 - 3 - 4, 'v') + "\r\n";
  EXPECT_EQ(scan("x\r\n" + field + "\r\n").step, Step::complete);
  EXPECT_EQ(scan("x\r\nB" + field + "\r\n").fault, HeadFault::too_many_bytes);

  std::string fields = "x\r\n";
  for (int i = 0; i < 5; ++i) fields += "A: b\r\n";
  EXPECT_EQ(scan(fields + "\r\n").step, Step::complete);
  EXPECT_EQ(scan(fields + "A: b\r\n\r\n").fault, HeadFault::too_many_fields);
}

TEST(HeadScanner, ReadsATrailerSectionThatMayBeEmpty) {
  EXPECT_EQ(scan("\r\nGET", kTrailers), (Seen{Step::complete, HeadFault::none, 2}));
  EXPECT_EQ(scan("A: b\r\n\r\n", kTrailers).step, Step::complete);
  EXPECT_EQ(scan("A: b\r\nA: b\r\nA: b\r\n\r\n", kTrailers).fault, HeadFault::too_many_fields);
  EXPECT_EQ(scan("A: " + std::string(200, 'v'), kTrailers).fault, HeadFault::too_many_bytes);
}

TEST(HeadScanner, SaysTheSameOfRandomTextHoweverItIsCut) {
  std::mt19937_64 random = test::seeded_random();
  constexpr std::string_view kLetters = "aG:\r\n\r\n \t\r\n";
  for (int run = 0; run < 3000; ++run) {
    std::string text;
    const auto size = random() % 150;
    for (unsigned i = 0; i < size; ++i) text += kLetters[random() % kLetters.size()];
    (void)scan(text, run % 2 == 0 ? kHead : kTrailers);
  }
}

}  // namespace
}  // namespace banyan::codec
