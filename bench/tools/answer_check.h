#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace banyan::bench {

// Reads one answer and compares it, byte by byte, with the only right one: 200, Content-Length, and
// the expected body. Used again for the next answer after begin().
class AnswerCheck {
 public:
  enum class State { kReading, kWhole, kWrong };

  // `expected` outlives the check.
  explicit AnswerCheck(const std::string& expected) : expected_(&expected) {}

  void begin();
  State feed(std::string_view bytes);
  // Valid once feed() said kWhole or kWrong.
  [[nodiscard]] const std::string& served_by() const { return served_by_; }
  [[nodiscard]] const std::string& problem() const { return problem_; }
  [[nodiscard]] bool asks_to_close() const { return asks_to_close_; }

 private:
  State wrong(std::string_view problem);
  State read_head(std::string_view head);

  const std::string* expected_;
  std::string head_;  // its beginning, where it came in pieces
  std::string served_by_, problem_;
  std::size_t matched_ = 0;
  bool in_body_ = false, asks_to_close_ = false;
};

}  // namespace banyan::bench
