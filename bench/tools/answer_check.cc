#include "bench/tools/answer_check.h"

#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

constexpr std::size_t kHeadMax = 64 << 10;

}  // namespace

void AnswerCheck::begin() {
  head_.clear();
  matched_ = 0;
  in_body_ = asks_to_close_ = false;
}

AnswerCheck::State AnswerCheck::wrong(std::string_view problem) {
  problem_ = problem;
  return State::kWrong;
}

AnswerCheck::State AnswerCheck::feed(std::string_view bytes) {
  if (!in_body_) {
    if (!head_.empty()) bytes = head_ += bytes;
    const std::size_t end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) {
      if (bytes.size() > kHeadMax) return wrong("a head without end");
      if (head_.empty()) head_ = bytes;
      return State::kReading;
    }
    if (read_head(bytes.substr(0, end + 2)) == State::kWrong) return State::kWrong;
    bytes.remove_prefix(end + 4);
    in_body_ = true;
  }
  if (bytes.size() > expected_->size() - matched_) return wrong("bytes after the body");
  if (expected_->compare(matched_, bytes.size(), bytes) != 0) return wrong("another body");
  matched_ += bytes.size();
  return matched_ == expected_->size() ? State::kWhole : State::kReading;
}

AnswerCheck::State AnswerCheck::read_head(std::string_view head) {
  if (!head.starts_with("HTTP/1.1 200 ")) return wrong(head.substr(0, head.find("\r\n")));
  const std::string_view length = field(head, "content-length");
  if (number(length, expected_->size() + 1) != expected_->size()) return wrong("another length");
  if (!field(head, "transfer-encoding").empty()) return wrong("two framings");
  served_by_ = field(head, "x-served-by");
  asks_to_close_ = field(head, "connection") == "close";
  return State::kReading;
}

}  // namespace banyan::bench
