// proxy/control/events.h: what happens, told to those who listen (GET /v1/events).
//
// The format is that of server-sent events (WHATWG HTML §9.2): `event: NAME`, `data: JSON`, an
// empty line. A listener that can not keep up is dropped and counted; it comes again and reads the
// status first. Control thread only; outlives its listeners.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace banyan::control {

inline constexpr std::size_t kEventListenersMax = 32;
// Unsent bytes of one listener.
inline constexpr std::size_t kEventBacklogMax = 64 * 1024;

class Events {
 public:
  // False: it can not keep up. Must not add() or remove() from inside.
  using Send = std::function<bool(std::string_view text)>;
  using Id = std::uint64_t;

  // Nothing where kEventListenersMax listen.
  [[nodiscard]] std::optional<Id> add(Send send);
  void remove(Id id) { listeners_.erase(id); }
  // `name`: plain letters and `_`.
  void publish(std::string_view name, const nlohmann::json& data);

  [[nodiscard]] std::size_t listeners() const { return listeners_.size(); }
  [[nodiscard]] bool full() const { return listeners_.size() >= kEventListenersMax; }
  [[nodiscard]] std::uint64_t dropped() const { return dropped_; }

 private:
  std::map<Id, Send> listeners_;
  Id last_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace banyan::control
