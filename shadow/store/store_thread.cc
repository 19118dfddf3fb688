#include "shadow/store/store_thread.h"

#include <utility>

namespace banyan::shadow {

std::string_view to_string(StoreDrop reason) {
  switch (reason) {
    case StoreDrop::disk:
      return "disk";
    case StoreDrop::corrupt:
      return "corrupt";
    case StoreDrop::superseded:
      return "superseded";
  }
  return "disk";
}

StoreThread::StoreThread(Parts parts, std::unique_ptr<Store> store, Reopen reopen,
                         StoreLimits limits)
    : parts_(std::move(parts)),
      reopen_(std::move(reopen)),
      store_(std::move(store)),
      limits_(limits) {
  parts_.table.track_unsaved();
  parts_.table.tell_unsaved([this] {
    {
      const std::scoped_lock lock(mutex_);
      pending_ = true;
    }
    wake_.notify_one();
  });
  thread_ = std::thread([this] { run(); });
}

StoreThread::~StoreThread() {
  {
    const std::scoped_lock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
  parts_.table.tell_unsaved({});
}

bool StoreThread::read(Read read) {
  {
    const std::scoped_lock lock(mutex_);
    if (reads_.size() >= kStoreReadsMax) return false;
    reads_.push_back(std::move(read));
  }
  wake_.notify_one();
  return true;
}

void StoreThread::set_limits(StoreLimits limits) {
  const std::scoped_lock lock(mutex_);
  limits_ = limits;
}

void StoreThread::wait(std::unique_lock<std::mutex>& lock) {
  const auto asked = [this] { return stopping_ || !reads_.empty(); };
  // A batch that the disk refused is tried again.
  pending_ = pending_ || !unsaved_.empty();
  wake_.wait_for(lock, kIdlePause, [&] { return pending_ || asked(); });
  wake_.wait_for(lock, kSavePause, asked);
  pending_ = false;
}

void StoreThread::run() {
  for (bool last = false; !last;) {
    std::deque<Read> reads;
    {
      std::unique_lock lock(mutex_);
      wait(lock);
      last = stopping_;
      reads.swap(reads_);
    }
    const auto now = std::chrono::steady_clock::now();
    save(now);
    if (now >= trim_at_) {
      trim_at_ = now + kTrimPause;
      trim();
    }
    if (store_) bytes_.store(store_->bytes(), std::memory_order_relaxed);
    for (const Read& read : reads) read(store_.get());
  }
  drop(StoreDrop::disk, unsaved_);
}

void StoreThread::save(std::chrono::steady_clock::time_point now) {
  std::uint64_t superseded = 0;
  if (unsaved_.empty()) unsaved_ = parts_.table.take_unsaved(superseded);
  dropped_[static_cast<std::size_t>(StoreDrop::superseded)] += superseded;
  if (unsaved_.empty() || !store_) return;
  auto added = store_->add(unsaved_, parts_.now());
  if (!added && added.error().kind == StoreError::Kind::full) {
    trim();
    added = store_->add(unsaved_, parts_.now());
  }
  if (added) {
    unsaved_.clear();
    if (!works_.exchange(true)) parts_.say("the store takes differences again");
    return;
  }
  works_ = false;
  if (added.error().kind != StoreError::Kind::corrupt && now < say_at_) return;
  say_at_ = now + kSayAgain;
  on_error(added.error());
}

void StoreThread::trim() {
  StoreLimits limits;
  {
    const std::scoped_lock lock(mutex_);
    limits = limits_;
  }
  if (!store_) return;
  const auto trimmed = store_->trim(limits, parts_.now());
  if (!trimmed && trimmed.error().kind == StoreError::Kind::corrupt) on_error(trimmed.error());
}

void StoreThread::on_error(const StoreError& error) {
  if (error.kind != StoreError::Kind::corrupt) {
    parts_.say("the store does not take differences, they wait in memory: " + error.text);
    return;
  }
  parts_.say("the store is broken: " + error.text);
  // What was saved before lies in the file that is moved aside.
  drop(StoreDrop::corrupt, std::exchange(unsaved_, {}));
  store_.reset();
  store_ = reopen_();
  works_ = store_ != nullptr;
}

void StoreThread::drop(StoreDrop reason, const std::vector<EpochRecord>& records) {
  std::uint64_t pairs = 0;
  for (const EpochRecord& record : records) pairs += record.pairs();
  dropped_[static_cast<std::size_t>(reason)] += pairs;
}

}  // namespace banyan::shadow
