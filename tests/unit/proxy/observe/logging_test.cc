#include "proxy/observe/logging.h"

#include <gtest/gtest.h>

#include <algorithm>

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

}  // namespace
}  // namespace banyan::observe
