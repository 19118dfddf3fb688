// proxy/exchange/services.h: what a worker lends to its exchanges.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <random>

#include "base/message.h"
#include "base/pool.h"
#include "proxy/exchange/plan.h"
#include "proxy/exchange/shadows.h"
#include "proxy/net/loop.h"
#include "proxy/observe/access_log.h"
#include "proxy/observe/stats.h"
#include "routing/slots.h"
#include "routing/sticky_key.h"

namespace banyan::exchange {

// The heads of one exchange, whose memory is worth keeping.
struct Heads {
  RequestHead request;    // the client's
  RequestHead forwarded;  // what goes to the upstream
  ResponseHead response;  // what goes to the client
  Headers trailers;       // of the request
  std::string path;       // scratch of the normalised path
  std::string key;        // scratch of a sticky key; one that is issued stays in it
  void clear();
};

// Owned by the worker, outlives every exchange. Loop thread only.
struct Services {
  net::Loop& loop;
  const std::size_t worker;
  observe::WorkerStats& stats;
  observe::AccessLog& access_log;
  Shadows& shadows;
  std::shared_ptr<const Plan> plan;                 // for exchanges that begin now
  std::shared_ptr<const routing::FlagTable> flags;  // at this moment
  Pool<Heads> heads{};
  std::mt19937 random{std::random_device{}()};
  routing::DecisionTools tools{{}, [this] { return random_bits_64(); }};
  bool draining = false;
  // The control thread sleeps and should look at the counters.
  std::function<void()> wake_control = [] {};

  [[nodiscard]] std::uint32_t random_bits() { return static_cast<std::uint32_t>(random()); }
  [[nodiscard]] std::uint64_t random_bits_64() {
    return std::uint64_t{random_bits()} << 32U | random_bits();
  }
  // Uniform over 0..99'999.
  [[nodiscard]] std::uint32_t draw() {
    return static_cast<std::uint32_t>(std::uint64_t{random_bits()} * 100'000 >> 32U);
  }
  [[nodiscard]] const routing::FlagState& flag(std::size_t slot) const {
    static const routing::FlagState kUnknown;
    return slot < flags->size() ? (*flags)[slot] : kUnknown;
  }
};

}  // namespace banyan::exchange
