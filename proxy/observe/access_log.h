// proxy/observe/access_log.h: one JSON line per exchange, without the worker waiting for a disk.
//
//   worker -> its ByteRing -> writer thread -> stdout or a file
//
// A worker formats into its ring and goes on: no lock, no allocation, no file. A full ring drops
// the line and counts it. The writer sleeps while all rings are empty, a worker wakes it only
// then. The control thread opens and stops.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <thread>
#include <vector>

#include "base/result.h"
#include "proxy/observe/exchange_record.h"

namespace banyan::observe {

class ByteRing;

// Of each worker.
inline constexpr std::size_t kLogRingBytesMax = 1024 * 1024;
// Longer values are cut and end with kCutMark.
inline constexpr std::size_t kLogPathBytesMax = 2048;
inline constexpr std::size_t kLogValueBytesMax = 256;

class AccessLog {
 public:
  explicit AccessLog(std::size_t workers, std::size_t ring_bytes_max = kLogRingBytesMax);
  ~AccessLog();  // stop()
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  // Control thread. `stdout`, a file to append to, or empty: off. Also to change the target while
  // running, and to open a file anew after it was moved. The error says what is wrong with the
  // path; the old target then stays.
  [[nodiscard]] Result<void, std::string> open(const std::string& path);
  // As open(), onto a descriptor that the log closes.
  void use(int descriptor);

  // Any thread. While it is off, a record is not worth making.
  [[nodiscard]] bool is_on() const { return on_.load(std::memory_order_relaxed); }
  // Worker `worker` only.
  void write(std::size_t worker, const ExchangeRecord& record);

  // Any thread: lines that did not fit or could not be written.
  [[nodiscard]] std::uint64_t dropped() const;

  // Control thread, after the workers: writes what is left, for kStopWait at most, and ends the
  // writer. Nothing may be written afterwards.
  void stop();

 private:
  struct Lane;
  class Target;
  void run();
  bool sweep();  // true where something was written or dropped
  void sleep();
  void wake();

  std::vector<std::unique_ptr<Lane>> lanes_;  // by worker
  std::atomic<bool> on_{false};
  std::atomic<std::uint64_t> unwritten_{0};
  alignas(64) std::atomic<std::uint32_t> asleep_{0};
  std::atomic<bool> stopping_{false};

  std::mutex target_mutex_;  // between control and writer; no worker takes it
  std::shared_ptr<Target> target_;
  std::thread writer_;
};

// The line of one exchange, ended by a newline, in `buffer` (kLogLineBytesMax holds every one).
inline constexpr std::size_t kLogLineBytesMax = 32 * 1024;
[[nodiscard]] std::string_view log_line(const ExchangeRecord& record, std::span<char> buffer);

}  // namespace banyan::observe
