// docs/errors.md and the table in base/error.cc are about the same words.
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "base/error.h"

namespace banyan {
namespace {

std::string page() {
  std::ostringstream text;
  text << std::ifstream(BANYAN_SOURCE_DIR "/docs/errors.md").rdbuf();
  return text.str();
}

TEST(ErrorsPage, HasEveryReasonWithItsStatus) {
  const std::string text = page();
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    const auto code = static_cast<ErrorCode>(i);
    const int status = status_of(code);
    const std::string row = "| `" + std::string(reason_of(code)) + "` | " +
                            (status == 0 ? "none" : std::to_string(status)) + " | ";
    EXPECT_NE(text.find(row), std::string::npos) << row;
  }
}

TEST(ErrorsPage, HasNoOtherReason) {
  std::istringstream lines(page());
  std::size_t rows = 0;
  for (std::string line; std::getline(lines, line);) rows += line.starts_with("| `") ? 1U : 0U;
  EXPECT_EQ(rows, kErrorCodeCount);
}

}  // namespace
}  // namespace banyan
