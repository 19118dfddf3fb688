#include "proxy/control/events.h"

#include <fmt/format.h>

#include <utility>

namespace banyan::control {

std::optional<Events::Id> Events::add(Send send) {
  if (full()) return std::nullopt;
  listeners_.emplace(++last_, std::move(send));
  return last_;
}

void Events::publish(std::string_view name, const nlohmann::json& data) {
  if (listeners_.empty()) return;
  // ASCII on one line: a line end in the data would end it.
  const std::string text =
      fmt::format("event: {}\ndata: {}\n\n", name,
                  data.dump(-1, ' ', true, nlohmann::json::error_handler_t::replace));
  for (auto at = listeners_.begin(); at != listeners_.end();) {
    if (at->second(text)) {
      ++at;
    } else {
      at = listeners_.erase(at);
      ++dropped_;
    }
  }
}

}  // namespace banyan::control
