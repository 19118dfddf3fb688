// shadow/store/store_thread.h: the one thread that waits for the store's disk.
//
//   DifferenceTable --take_unsaved(), every kSavePause--> batch --> Store
//
// A batch that the disk does not take is kept and tried again, while what is new waits in the
// table, whose bounds hold for it as well; nothing waits for the disk but this thread. Given up and
// counted is only what can not wait: see StoreDrop.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "shadow/difference_table.h"
#include "shadow/store/store.h"

namespace banyan::shadow {

inline constexpr std::chrono::milliseconds kSavePause{1'000};
inline constexpr std::chrono::milliseconds kTrimPause{60'000};
inline constexpr std::chrono::minutes kIdlePause{10};          // where nothing is to be saved
inline constexpr std::chrono::milliseconds kSayAgain{60'000};  // while the disk keeps refusing
inline constexpr std::size_t kStoreReadsMax = 64;              // that wait

// Why pairs are not in the store. They still count in the report of the running process.
enum class StoreDrop : std::uint8_t {
  disk,        // not taken until the process ended
  corrupt,     // the file was moved aside in the middle of it
  superseded,  // too many epochs ended before their last pairs were saved
};
inline constexpr std::size_t kStoreDropCount = 3;
[[nodiscard]] std::string_view to_string(StoreDrop reason);

class StoreThread {
 public:
  struct Parts {
    DifferenceTable& table;  // outlives it
    // A message for the process log; called on the store's thread.
    std::function<void(const std::string&)> say;
    std::function<WallTime()> now;
  };
  // A new store where the old one broke, or nothing where that is not possible.
  using Reopen = std::function<std::unique_ptr<Store>()>;
  // nullptr: there is none.
  using Read = std::function<void(Store* store)>;

  StoreThread(Parts parts, std::unique_ptr<Store> store, Reopen reopen, StoreLimits limits);
  ~StoreThread();  // saves what is there, then ends the thread
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;

  // Any thread. `read` runs on the store's thread after everything up to now was saved. False: too
  // many wait already.
  [[nodiscard]] bool read(Read read);
  void set_limits(StoreLimits limits);
  [[nodiscard]] std::uint64_t dropped(StoreDrop reason) const {
    return dropped_[static_cast<std::size_t>(reason)].load(std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  // False while the disk refuses.
  [[nodiscard]] bool works() const { return works_.load(std::memory_order_relaxed); }

 private:
  void run();
  // Until somebody asks, or kSavePause after something came to be saved.
  void wait(std::unique_lock<std::mutex>& lock);
  void save(std::chrono::steady_clock::time_point now);
  void trim();
  void on_error(const StoreError& error);
  void drop(StoreDrop reason, const std::vector<EpochRecord>& records);

  const Parts parts_;
  const Reopen reopen_;
  std::unique_ptr<Store> store_;      // the thread's alone
  std::vector<EpochRecord> unsaved_;  // a batch that was not taken yet
  std::chrono::steady_clock::time_point trim_at_;
  std::chrono::steady_clock::time_point say_at_;

  std::mutex mutex_;
  std::condition_variable wake_;
  StoreLimits limits_;
  std::deque<Read> reads_;
  bool pending_ = true;  // something is to be saved; at first, to be trimmed
  bool stopping_ = false;

  std::array<std::atomic<std::uint64_t>, kStoreDropCount> dropped_{};
  std::atomic<std::uint64_t> bytes_{0};
  std::atomic<bool> works_{true};
  std::thread thread_;
};

}  // namespace banyan::shadow
