#include "routing/request_variables.h"

#include "routing/request_path.h"
#include "routing/route_table.h"

namespace banyan::routing {
namespace {

constexpr std::string_view kHeaders = "headers.";
constexpr std::string_view kCookies = "cookies.";

Value text_or_null(std::optional<std::string_view> text) {
  return text ? Value::of(*text) : Value{};
}

}  // namespace

Value RequestVariables::find(std::string_view name, LogicScratch& scratch) const {
  const RequestHead& request = places_.request;
  if (name == "targetingKey") return text_or_null(key());
  if (name.starts_with(kHeaders)) {
    return text_or_null(header_value(request.headers, name.substr(kHeaders.size())));
  }
  if (name.starts_with(kCookies)) {
    return text_or_null(cookie_value(request.headers, name.substr(kCookies.size())));
  }
  if (name == "path") return path(scratch);
  if (name == "method") return Value::of(request.method_text.view());
  if (name == "host") return host(scratch);
  if (name == "$flagd.flagKey") return Value::of(std::string_view(route_.flag));
  return {};
}

std::optional<std::string_view> RequestVariables::key() const {
  if (has_looked_) return key_;
  has_looked_ = true;
  key_ = sticky_key(route_.sticky, places_);
  if (!key_ && route_.issued_cookie() != nullptr) {
    key_ = issue_key(places_);
    has_issued_key_ = true;
  }
  return key_;
}

Value RequestVariables::host(LogicScratch& scratch) const {
  std::string host(host_of(places_.request.authority));
  for (char& c : host) c = ascii_lower(c);
  return text_or_null(scratch.keep(host));
}

// It was found to be one when the route was looked for.
Value RequestVariables::path(LogicScratch& scratch) const {
  std::string made;
  const auto path = normalised_path(places_.request.path(), made);
  return path ? text_or_null(scratch.keep(*path)) : Value{};
}

}  // namespace banyan::routing
