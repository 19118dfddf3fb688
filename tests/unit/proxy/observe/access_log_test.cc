#include "proxy/observe/access_log.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

namespace banyan::observe {
namespace {

using nlohmann::json;
using namespace std::chrono_literals;

// A directory of its own for each test.
class AccessLogTest : public testing::Test {
 protected:
  AccessLogTest() {
    std::string name = testing::TempDir() + "access_log_XXXXXX";
    directory_ = ::mkdtemp(name.data());
  }
  ~AccessLogTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }
  [[nodiscard]] std::vector<json> lines(const std::string& name) const {
    std::vector<json> all;
    std::ifstream file(path(name));
    for (std::string line; std::getline(file, line);) all.push_back(json::parse(line));
    return all;
  }
  std::filesystem::path directory_;
};

ExchangeRecord record() {
  ExchangeRecord made;
  made.at = WallTime{} + 1'795'354'493s + 5us;
  made.listener = "ingress";
  made.client = "127.0.0.1";
  made.method = "GET";
  made.authority = "shop.test";
  made.path = "/orders/7";
  made.migration = "orders";
  made.upstream = "shop";
  made.reason = "bucket";
  made.arm = Arm::monolith;
  made.bucket = 42;
  made.status = 200;
  made.response_bytes = 12;
  made.duration = 345us;
  return made;
}

TEST(LogLine, TellsEverythingOfTheRecord) {
  std::array<char, kLogLineBytesMax> buffer{};
  ExchangeRecord told = record();
  EXPECT_EQ(json::parse(log_line(told, buffer)),
            json::parse(R"({"at":"2026-11-22T13:34:53.000005Z","listener":"ingress",
      "client":"127.0.0.1","method":"GET","authority":"shop.test","path":"/orders/7",
      "migration":"orders","upstream":"shop","arm":"monolith","role":"primary","reason":"bucket",
      "bucket":42,"status":200,"request_bytes":0,"response_bytes":12,"duration_us":345})"));
  told.upstream = {};
  told.bucket.reset();
  told.grpc_status = 12;
  told.error = ErrorCode::no_route;
  told.retried = told.fallback = true;
  const json line = json::parse(log_line(told, buffer));
  EXPECT_EQ(line["fallback"], true);
  EXPECT_FALSE(line.contains("upstream"));
  EXPECT_FALSE(line.contains("bucket"));
  EXPECT_EQ(line["grpc_status"], 12);
  EXPECT_EQ(line["error"], "no_route");
  EXPECT_EQ(line["retried"], true);
}

TEST(LogLine, OfTheWorstRecordIsWholeAndWithinItsBound) {
  std::array<char, kLogLineBytesMax> buffer{};
  const std::string worst(100'000, '\x01');
  ExchangeRecord told = record();
  told.listener = told.client = told.method = told.authority = told.path = worst;
  told.migration = told.upstream = told.reason = worst;
  told.bucket = 99'999;
  told.grpc_status = 16;
  told.error = ErrorCode::unsupported_transfer_encoding;
  told.retried = told.fallback = true;
  const json line = json::parse(log_line(told, buffer));
  EXPECT_EQ(line["retried"], true);
  EXPECT_EQ(line["path"].get<std::string>().size(), kLogPathBytesMax + 3);
}

TEST_F(AccessLogTest, WritesEveryLineOfEveryWorkerUntilItIsStopped) {
  constexpr std::size_t kWorkers = 3;
  constexpr std::uint64_t kEach = 2000;
  AccessLog log(kWorkers);
  ASSERT_TRUE(log.open(path("a")));
  std::vector<std::thread> workers;
  for (std::size_t w = 0; w < kWorkers; ++w) {
    workers.emplace_back([&log, w] {
      ExchangeRecord told = record();
      for (std::uint64_t i = 0; i < kEach; ++i) {
        told.request_bytes = w * kEach + i;
        log.write(w, told);
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  log.stop();
  std::set<std::uint64_t> seen;
  for (const json& line : lines("a")) seen.insert(line["request_bytes"].get<std::uint64_t>());
  EXPECT_EQ(seen.size() + log.dropped(), kWorkers * kEach);
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, DropsAndCountsWhatDoesNotFitWhileAReaderIsStuck) {
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_CLOEXEC), 0);
  constexpr std::uint64_t kWritten = 3000;  // about 1 MB: the pipe and the ring hold 80 KiB
  AccessLog log(1, 16 * 1024);
  log.use(ends[1]);
  for (std::uint64_t i = 0; i < kWritten; ++i) log.write(0, record());
  EXPECT_GT(log.dropped(), 0U);
  log.stop();  // ends although nobody reads
  std::string all;
  std::array<char, 4096> some{};
  for (ssize_t n = 0; (n = ::read(ends[0], some.data(), some.size())) > 0;) {
    all.append(some.data(), static_cast<std::size_t>(n));
  }
  ::close(ends[0]);
  const auto whole = static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n'));
  EXPECT_EQ(whole + log.dropped(), kWritten);
}

TEST_F(AccessLogTest, CountsWhatAFullDiskRefuses) {
  AccessLog log(1);
  ASSERT_TRUE(log.open("/dev/full"));
  for (int i = 0; i < 10; ++i) log.write(0, record());
  log.stop();
  EXPECT_EQ(log.dropped(), 10U);
}

TEST_F(AccessLogTest, GoesOnInAnotherFileAndKeepsTheOldOneWhenANewOneCanNotBeOpened) {
  AccessLog log(1);
  ASSERT_TRUE(log.open(path("a")));
  const auto failed = log.open(path("no/such/directory"));
  ASSERT_FALSE(failed);
  EXPECT_NE(failed.error().find("no/such/directory"), std::string::npos);
  log.write(0, record());
  log.stop();
  EXPECT_EQ(lines("a").size(), 1U);

  AccessLog next(1);
  ASSERT_TRUE(next.open(path("a")));
  ASSERT_TRUE(next.open(path("b")));
  next.write(0, record());
  next.stop();
  EXPECT_EQ(lines("a").size(), 1U);
  EXPECT_EQ(lines("b").size(), 1U);
}

TEST_F(AccessLogTest, WritesNothingWhileItIsOff) {
  AccessLog log(1);
  log.write(0, record());
  ASSERT_TRUE(log.open(path("a")));
  ASSERT_TRUE(log.open(""));
  log.write(0, record());
  log.stop();
  EXPECT_EQ(lines("a").size(), 0U);
  EXPECT_EQ(log.dropped(), 0U);
}

TEST_F(AccessLogTest, WakesUpAgainAfterItSlept) {
  AccessLog log(1);
  ASSERT_TRUE(log.open(path("a")));
  for (std::size_t i = 1; i <= 5; ++i) {
    log.write(0, record());
    const auto deadline = std::chrono::steady_clock::now() + 10s;
    while (lines("a").size() < i && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::yield();
    }
    ASSERT_EQ(lines("a").size(), i);
  }
}

}  // namespace
}  // namespace banyan::observe
