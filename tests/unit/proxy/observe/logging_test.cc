#include "proxy/observe/logging.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace banyan::observe {
namespace {

TEST(LogText, HoldsNoControlCharacterWhateverAnOperatorWrote) {
  EXPECT_EQ(log_text("a reason\n2026-11-22T00:00:00Z error forged"),
            "a reason\\x0a2026-11-22T00:00:00Z error forged");
  EXPECT_EQ(log_text("\x1b[2J\r\t\x7f"), "\\x1b[2J\\x0d\\x09\\x7f");
  EXPECT_EQ(log_text("\xC2\x9B"
                     "31m"),
            "\\xc2\\x9b31m");  // CSI as one character of C1
}

TEST(LogText, LeavesWhatPeopleWrite) {
  EXPECT_EQ(log_text("zur\xC3\xBC"
                     "ck: 5 % \xE2\x80\xA6"),
            "zur\xC3\xBC"
            "ck: 5 % \xE2\x80\xA6");
  EXPECT_EQ(log_text(""), "");
}

TEST(LogText, WritesOutBytesThatAreNotUtf8) { EXPECT_EQ(log_text("a\xFF\xC3"), "a\\xff\\xc3"); }

TEST(LogLines, ALineEndInAMessageIsNoLine) {
  testing::internal::CaptureStderr();
  log(Level::error, "first\nsecond");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1) << written;
  EXPECT_NE(written.find("first\\x0asecond"), std::string::npos) << written;
}

TEST(LogLines, OurOwnTextsOfSeveralLinesBecomeSeveral) {
  testing::internal::CaptureStderr();
  log_lines(Level::error, "f:1:2: error: x\n  source\n  ^\n");
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 3) << written;
  EXPECT_NE(written.find("error f:1:2"), std::string::npos) << written;
}

TEST(Logging, WhatIsBelowTheLevelIsNotWritten) {
  testing::internal::CaptureStderr();
  start_logging("error");
  log_info("too little to say");
  log_error("enough");
  stop_logging();
  const std::string written = testing::internal::GetCapturedStderr();
  EXPECT_EQ(written.find("too little"), std::string::npos);
  EXPECT_NE(written.find("enough"), std::string::npos);
}

// Stderr is a pipe that is full.
TEST(Logging, AReaderThatDoesNotReadDoesNotHoldTheEnd) {
  std::array<int, 2> pipe{};
  ASSERT_EQ(::pipe(pipe.data()), 0);
  const int before = ::dup(STDERR_FILENO);
  ASSERT_EQ(::dup2(pipe[1], STDERR_FILENO), STDERR_FILENO);
  const std::uint64_t lost = log_lines_lost();
  start_logging("info");
  for (int i = 0; i < 200; ++i) log_info(std::string(1'000, 'x'));
  stop_logging();
  log_info("and afterwards neither");
  EXPECT_GT(log_lines_lost(), lost + 100);
  ::dup2(before, STDERR_FILENO);
  for (const int descriptor : {before, pipe[0], pipe[1]}) ::close(descriptor);
}

}  // namespace
}  // namespace banyan::observe
