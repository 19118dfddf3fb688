#include "proxy/control/admin_message.h"

namespace banyan::control {

using nlohmann::json;

std::string_view status_title(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 202:
      return "Accepted";
    case 304:
      return "Not Modified";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 422:
      return "Unprocessable Content";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

AdminResponse json_response(const json& document, int status) {
  return {status,
          "application/json",
          document.dump(2, ' ', false, json::error_handler_t::replace) + "\n",
          {},
          false};
}

AdminResponse text_response(std::string text, int status) {
  return {status, "text/plain; charset=utf-8", std::move(text), {}, false};
}

AdminResponse problem(int status, const std::string& detail, const json& more) {
  json document{{"type", "about:blank"},
                {"title", status_title(status)},
                {"status", status},
                {"detail", detail}};
  document.update(more);
  AdminResponse response = json_response(document, status);
  response.content_type = "application/problem+json";
  return response;
}

}  // namespace banyan::control
