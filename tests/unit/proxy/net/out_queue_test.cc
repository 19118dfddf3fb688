#include "proxy/net/out_queue.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <set>
#include <string>

#include "tests/support/seed.h"

namespace banyan::net {
namespace {

std::string content(const OutQueue& queue) {
  std::string all;
  for (const OutQueue::Piece& p : queue.pieces()) all.append(p.data, p.size);
  return all;
}

bool borrows(const OutQueue& queue) {
  for (const OutQueue::Piece& p : queue.pieces()) {
    if (p.borrowed) return true;
  }
  return false;
}

TEST(OutQueue, SmallPiecesLeaveAsOne) {
  BlockPool pool;
  OutQueue queue(pool);
  queue.copy("HTTP/1.1 200 OK\r\n\r\n");
  queue.borrow("a small body");
  EXPECT_EQ(queue.pieces().size(), 1U);
  EXPECT_FALSE(borrows(queue));
  EXPECT_EQ(content(queue), "HTTP/1.1 200 OK\r\n\r\na small body");
}

TEST(OutQueue, LargeBorrowedBytesAreNotCopiedUntilSettled) {
  BlockPool pool;
  OutQueue queue(pool);
  std::string body(OutQueue::kBorrowMin, 'b');
  queue.borrow(body);
  EXPECT_EQ(queue.pieces().at(0).data, body.data());
  queue.settle();
  body.assign(body.size(), '!');
  EXPECT_EQ(content(queue), std::string(OutQueue::kBorrowMin, 'b'));
  EXPECT_FALSE(borrows(queue));
}

TEST(OutQueue, BytesInBlocksDoNotMoveWhenItSettles) {
  BlockPool pool;
  OutQueue queue(pool);
  const std::string body(5'000, 'b');
  queue.copy("head");
  const char* before = queue.pieces().at(0).data;
  queue.borrow(body);
  queue.settle();
  EXPECT_EQ(queue.pieces().at(0).data, before);
  EXPECT_EQ(content(queue), "head" + body);
}

TEST(OutQueue, ClearingGivesEverythingBack) {
  BlockPool pool;
  OutQueue queue(pool);
  queue.copy(std::string(100'000, 'x'));
  queue.clear();
  EXPECT_TRUE(queue.empty());
  EXPECT_TRUE(queue.pieces().empty());
  queue.copy("y");
  EXPECT_EQ(content(queue), "y");
}

// A connection whose backlog never goes down to nothing uses as few blocks as its backlog needs.
TEST(OutQueue, BlocksDoNotGrowWhenItNeverGetsEmpty) {
  BlockPool pool;
  OutQueue queue(pool);
  std::set<const char*> places;
  queue.copy("first");
  for (int i = 0; i < 2'000; ++i) {
    queue.copy(std::string(10'000, 'x'));
    for (const OutQueue::Piece& p : queue.pieces()) places.insert(p.data);
    queue.consume(10'000);
  }
  EXPECT_EQ(queue.size(), 5U);
  // Taken from the system at most: the two that the backlog needs, and one that is being filled.
  std::set<std::uintptr_t> spans;
  for (const char* p : places) spans.insert(reinterpret_cast<std::uintptr_t>(p) / Block::kBytes);
  EXPECT_LE(spans.size(), 8U);
}

TEST(OutQueue, BehavesAsAPlainString) {
  auto random = test::seeded_random();
  const auto draw = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  BlockPool pool;
  OutQueue queue(pool);
  std::string model;
  std::deque<std::string> lent;
  char next = 'a';
  const auto some_bytes = [&] {
    std::string bytes(draw(4) == 0 ? draw(50'000) : draw(4'000), next);
    next = next == 'z' ? 'a' : static_cast<char>(next + 1);
    return bytes;
  };
  for (int step = 0; step < 20'000; ++step) {
    switch (draw(6)) {
      case 0:
      case 1: {
        const std::string bytes = some_bytes();
        queue.copy(bytes);
        model += bytes;
        break;
      }
      case 2:
        lent.push_back(some_bytes());
        queue.borrow(lent.back());
        model += lent.back();
        break;
      case 3:
        queue.settle();
        for (std::string& bytes : lent) bytes.assign(bytes.size(), '!');  // overwritten
        lent.clear();
        break;
      case 4: {
        const std::size_t n = model.empty() ? 0 : draw(model.size() + 1);
        queue.consume(n);
        model.erase(0, n);
        break;
      }
      default:
        if (draw(50) != 0) break;
        queue.clear();
        model.clear();
        lent.clear();
    }
    ASSERT_EQ(queue.size(), model.size()) << "step " << step;
    ASSERT_EQ(content(queue), model) << "step " << step;
  }
}

}  // namespace
}  // namespace banyan::net
