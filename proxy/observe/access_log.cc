#include "proxy/observe/access_log.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "proxy/observe/byte_ring.h"
#include "proxy/observe/json_line.h"

namespace banyan::observe {
namespace {

using std::chrono::milliseconds;

// Lines gather this long once the writer was woken, so that a busy proxy wakes it 200 times a
// second and not once per exchange.
constexpr milliseconds kGather{5};
// How long a stopping log waits for a reader that does not read.
constexpr milliseconds kStopWait{1000};
constexpr int kPollMs = 50;
// A pipe that is ready takes this much without blocking (POSIX PIPE_BUF).
constexpr std::size_t kPipeBytesMax = 4096;

std::uint64_t lines_in(std::string_view bytes) {
  std::uint64_t lines = 0;
  for (const char c : bytes) lines += c == '\n' ? 1 : 0;
  return lines;
}

}  // namespace

// An open descriptor. Used by the writer alone; its last owner closes it.
class AccessLog::Target {
 public:
  explicit Target(int descriptor) : descriptor_(descriptor) {
    struct stat what {};
    regular_ = ::fstat(descriptor, &what) == 0 && S_ISREG(what.st_mode);
  }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;
  ~Target() { ::close(descriptor_); }

  // How much of it was written: less than all on an error, or where a reader does not read until
  // the log has stopped.
  std::size_t write(std::string_view bytes, const std::atomic<bool>& stopping);

 private:
  [[nodiscard]] bool wait_until_writable(const std::atomic<bool>& stopping);

  const int descriptor_;
  bool regular_ = false;
  bool in_line_ = false;  // an error left half a line
  std::optional<SteadyTime> give_up_at_;
};

bool AccessLog::Target::wait_until_writable(const std::atomic<bool>& stopping) {
  if (regular_) return true;
  for (;;) {
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, kPollMs) > 0) return (ready.revents & POLLOUT) != 0;
    if (!stopping) continue;
    const SteadyTime now = std::chrono::steady_clock::now();
    if (!give_up_at_) give_up_at_ = now + kStopWait;
    if (now >= *give_up_at_) return false;
  }
}

std::size_t AccessLog::Target::write(std::string_view bytes, const std::atomic<bool>& stopping) {
  std::size_t done = 0;
  const bool ends_line = in_line_ && wait_until_writable(stopping);
  if (ends_line && ::write(descriptor_, "\n", 1) == 1) in_line_ = false;
  while (done < bytes.size() && wait_until_writable(stopping)) {
    const std::size_t size =
        regular_ ? bytes.size() - done : std::min(bytes.size() - done, kPipeBytesMax);
    const ssize_t written = ::write(descriptor_, bytes.data() + done, size);
    if (written < 0 && (errno == EINTR || errno == EAGAIN)) continue;
    if (written <= 0) break;
    done += static_cast<std::size_t>(written);
  }
  if (done > 0) in_line_ = done < bytes.size() && bytes[done - 1] != '\n';
  return done;
}

struct AccessLog::Lane {
  explicit Lane(std::size_t ring_bytes_max) : ring(ring_bytes_max) {}
  ByteRing ring;
  std::atomic<std::uint64_t> dropped{0};
  std::array<char, kLogLineBytesMax> line;  // left as it is: a log that is off touches nothing
};

AccessLog::AccessLog(std::size_t workers, std::size_t ring_bytes_max) {
  for (std::size_t i = 0; i < workers; ++i) {
    lanes_.push_back(std::make_unique<Lane>(ring_bytes_max));
  }
  writer_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() { stop(); }

Result<void, std::string> AccessLog::open(const std::string& path) {
  if (path.empty()) {
    on_ = false;
    return {};
  }
  const int descriptor =
      path == "stdout" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                       : ::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return tl::unexpected(path + ": " + std::strerror(errno));
  use(descriptor);
  return {};
}

void AccessLog::use(int descriptor) {
  auto target = std::make_shared<Target>(descriptor);
  {
    const std::lock_guard lock(target_mutex_);
    target_.swap(target);
  }
  on_ = true;
}

void AccessLog::write(std::size_t worker, const ExchangeRecord& record) {
  if (!is_on()) return;
  Lane& lane = *lanes_[worker];
  if (!lane.ring.put(log_line(record, lane.line))) {
    lane.dropped.store(lane.dropped.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  if (asleep_.load(std::memory_order_seq_cst) != 0) wake();
}

void AccessLog::wake() {
  if (asleep_.exchange(0, std::memory_order_seq_cst) != 0) asleep_.notify_one();
}

void AccessLog::sleep() {
  asleep_.store(1, std::memory_order_seq_cst);
  for (const auto& lane : lanes_) {
    if (!lane->ring.empty()) asleep_.store(0, std::memory_order_seq_cst);
  }
  if (stopping_) asleep_.store(0, std::memory_order_seq_cst);
  asleep_.wait(1, std::memory_order_seq_cst);
}

bool AccessLog::sweep() {
  std::shared_ptr<Target> target;
  {
    const std::lock_guard lock(target_mutex_);
    target = target_;
  }
  bool found = false;
  for (const auto& lane : lanes_) {
    for (const std::string_view piece : lane->ring.peek()) {
      if (piece.empty()) continue;
      found = true;
      const std::size_t written = target ? target->write(piece, stopping_) : 0;
      unwritten_ += lines_in(piece.substr(written));
      lane->ring.drop(piece.size());
    }
  }
  return found;
}

void AccessLog::run() {
  for (;;) {
    const bool last = stopping_;
    if (sweep()) continue;
    if (last) return;
    sleep();
    if (!stopping_) std::this_thread::sleep_for(kGather);
  }
}

void AccessLog::stop() {
  if (!writer_.joinable()) return;
  stopping_ = true;
  wake();
  writer_.join();
  on_ = false;
  target_.reset();
}

std::uint64_t AccessLog::dropped() const {
  std::uint64_t sum = unwritten_.load(std::memory_order_relaxed);
  for (const auto& lane : lanes_) sum += lane->dropped.load(std::memory_order_relaxed);
  return sum;
}

std::string_view log_line(const ExchangeRecord& record, std::span<char> buffer) {
  JsonLine line(buffer);
  line.add<"at">(record.at);
  line.add_plain<"listener">(record.listener);
  line.add<"client">(record.client, kLogValueBytesMax);
  line.add<"method">(record.method, kLogValueBytesMax);
  line.add<"authority">(record.authority, kLogValueBytesMax);
  line.add<"path">(record.path, kLogPathBytesMax);
  line.add_plain<"migration">(record.migration);
  if (!record.upstream.empty()) line.add_plain<"upstream">(record.upstream);
  line.add_plain<"arm">(to_string(record.arm));
  line.add_plain<"role">(to_string(record.role));
  line.add_plain<"reason">(record.reason);
  if (record.bucket) line.add<"bucket">(std::uint64_t{*record.bucket});
  line.add<"status">(static_cast<std::uint64_t>(std::max(record.status, 0)));
  if (record.grpc_status) line.add<"grpc_status">(static_cast<std::uint64_t>(*record.grpc_status));
  if (record.error) line.add_plain<"error">(reason_of(*record.error));
  line.add<"request_bytes">(record.request_bytes);
  line.add<"response_bytes">(record.response_bytes);
  line.add<"duration_us">(
      static_cast<std::uint64_t>(std::max<std::int64_t>(record.duration.count(), 0)));
  if (!record.tls.empty()) line.add<"tls">(record.tls, kLogValueBytesMax);
  if (!record.client_san.empty()) line.add<"client_san">(record.client_san, kLogValueBytesMax);
  if (record.retried) line.add<"retried">(true);
  if (record.fallback) line.add<"fallback">(true);
  return line.finish();
}

}  // namespace banyan::observe
