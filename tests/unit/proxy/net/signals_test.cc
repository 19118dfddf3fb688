#include "proxy/net/signals.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <optional>
#include <vector>

#include "tests/support/loop_fixture.h"

namespace banyan::net {
namespace {

class SignalsTest : public test::LoopTest {
 protected:
  std::vector<int> told;
};

TEST_F(SignalsTest, AreToldOnTheLoop) {
  std::optional<Signals> signals(std::in_place, loop, std::vector{SIGHUP, SIGUSR1},
                                 [this](int number) { told.push_back(number); });
  std::raise(SIGUSR1);
  EXPECT_TRUE(told.empty());  // not from within the handler
  ASSERT_TRUE(run_until([&] { return told.size() == 1; }));
  std::raise(SIGHUP);
  ASSERT_TRUE(run_until([&] { return told.size() == 2; }));
  EXPECT_EQ(told, (std::vector{SIGUSR1, SIGHUP}));
  signals.reset();
  turn();
}

TEST_F(SignalsTest, DestroyedTheySayNothingMore) {
  // Another one keeps the signal from ending the test.
  Signals other(loop, {SIGUSR1}, [this](int) { told.push_back(0); });
  std::optional<Signals> signals(std::in_place, loop, std::vector{SIGUSR1},
                                 [](int) { FAIL() << "after its end"; });
  std::raise(SIGUSR1);  // waits in the loop's pipe
  signals.reset();
  ASSERT_TRUE(run_until([&] { return !told.empty(); }));
  EXPECT_EQ(told, (std::vector{0}));
}

TEST_F(SignalsTest, OneSignalMayHaveTwoListeners) {
  Signals a(loop, {SIGUSR1}, [this](int) { told.push_back(1); });
  Signals b(loop, {SIGUSR1}, [this](int) { told.push_back(2); });
  std::raise(SIGUSR1);
  EXPECT_TRUE(run_until([&] { return told.size() == 2; }));
}

TEST(WriteFaults, ABrokenPipeIsAnError) {
  Signals::make_write_faults_errors();
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe(ends.data()), 0);
  ::close(ends[0]);
  EXPECT_EQ(::write(ends[1], "x", 1), -1);
  EXPECT_EQ(errno, EPIPE);
  ::close(ends[1]);
}

TEST(WriteFaults, AFileAtItsLargestSizeIsAnError) {
  Signals::make_write_faults_errors();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  std::FILE* const file = std::tmpfile();
  ASSERT_NE(file, nullptr);
  const rlimit nothing{0, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &nothing), 0);
  EXPECT_EQ(::write(::fileno(file), "x", 1), -1);
  const int fault = errno;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(fault, EFBIG);
  std::fclose(file);
}

}  // namespace
}  // namespace banyan::net
