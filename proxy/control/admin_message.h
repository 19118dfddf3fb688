// proxy/control/admin_message.h: a request to the admin API and its answer, as values.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace banyan::control {

// Where a request came in: everything is served on `admin`, probes and metrics also on `health`.
enum class Door : std::uint8_t { admin, health };

struct AdminRequest {
  Door door = Door::admin;
  std::string method;
  std::string target;     // path and query
  std::string authority;  // Host
  std::optional<std::string> origin;
  std::optional<std::string> if_match;
  std::optional<std::string> if_none_match;
  std::optional<std::string> authorization;
  std::string who;   // `x-banyan-who`, as the caller says; a token's name replaces it
  std::string peer;  // address without the port
  std::string body;
};

struct AdminResponse {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;
  bool events = false;  // goes on: what Events publishes follows, until either side closes
};

using AdminReply = std::function<void(AdminResponse)>;

[[nodiscard]] AdminResponse json_response(const nlohmann::json& document, int status = 200);
[[nodiscard]] AdminResponse text_response(std::string text, int status = 200);
// RFC 9457 problem details.
[[nodiscard]] AdminResponse problem(int status, const std::string& detail,
                                    const nlohmann::json& more = nlohmann::json::object());
// `Not Found`; RFC 9110 §15.
[[nodiscard]] std::string_view status_title(int status);

}  // namespace banyan::control
