#include "proxy/control/admin_api.h"

#include <algorithm>

#include "proxy/control/admin_call.h"

namespace banyan::control {
namespace {

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

AdminResponse unauthorized() {
  AdminResponse response = problem(401, "a token of admin.token_file is needed");
  response.headers.emplace_back("www-authenticate", "Bearer");
  return response;
}

AdminResponse not_allowed(const std::string& methods) {
  AdminResponse response = problem(405, "this path takes " + methods);
  response.headers.emplace_back("allow", methods);
  return response;
}

}  // namespace

struct AdminApi::Route {
  std::string_view method;  // GET: also HEAD
  std::string_view pattern;
  AdminRole role;
  void (AdminApi::*answer)(const Call& call);
  bool on_health = false;
};

const std::vector<AdminApi::Route>& AdminApi::routes() {
  constexpr AdminRole kNone = AdminRole::none, kRead = AdminRole::read,
                      kOperate = AdminRole::operate, kAdmin = AdminRole::admin;
  static const std::vector<Route> kRoutes{
      {"GET", "/livez", kNone, &AdminApi::live, true},
      {"GET", "/readyz", kNone, &AdminApi::ready, true},
      {"GET", "/metrics", kNone, &AdminApi::metrics, true},
      {"GET", "/v1/status", kRead, &AdminApi::status},
      {"GET", "/v1/migrations", kRead, &AdminApi::migrations},
      {"GET", "/v1/migrations/{}", kRead, &AdminApi::migration},
      {"POST", "/v1/migrations/{}/rollback", kOperate, &AdminApi::rollback_migration},
      {"POST", "/v1/migrations/{}/rearm", kOperate, &AdminApi::rearm},
      {"POST", "/v1/migrations/{}/ramp/pause", kOperate, &AdminApi::pause_ramp},
      {"POST", "/v1/migrations/{}/ramp/resume", kOperate, &AdminApi::resume_ramp},
      {"POST", "/v1/migrations/{}/ramp/skip", kOperate, &AdminApi::skip_ramp},
      {"GET", "/v1/flags", kRead, &AdminApi::flags},
      {"GET", "/v1/flags/{}", kRead, &AdminApi::flag},
      {"PUT", "/v1/flags/{}", kOperate, &AdminApi::set_flag},
      {"DELETE", "/v1/flags/{}", kOperate, &AdminApi::clear_flag},
      {"POST", "/v1/flags/{}/rollback", kOperate, &AdminApi::rollback_flag},
      {"POST", "/v1/rollback", kOperate, &AdminApi::rollback_all},
      {"GET", "/v1/report", kRead, &AdminApi::report},
      {"GET", "/v1/differences", kRead, &AdminApi::differences},
      {"GET", "/v1/differences/{}", kRead, &AdminApi::difference},
      {"POST", "/v1/migrations/{}/reset", kOperate, &AdminApi::reset},
      {"POST", "/v1/reload", kAdmin, &AdminApi::reload},
      {"POST", "/v1/drain", kAdmin, &AdminApi::drain},
      {"POST", "/ofrep/v1/evaluate/flags/{}", kRead, &AdminApi::ofrep_flag},
      {"POST", "/ofrep/v1/evaluate/flags", kRead, &AdminApi::ofrep_flags},
      {"GET", "/v1/audit", kRead, &AdminApi::audit},
      {"GET", "/v1/events", kRead, &AdminApi::events},
  };
  return kRoutes;
}

std::vector<AdminApi::Path> AdminApi::paths() {
  std::vector<Path> all;
  for (const Route& route : routes()) all.push_back({route.method, route.pattern, route.role});
  return all;
}

bool AdminApi::is_allowed_host(const std::string& authority) const {
  if (is_loopback_authority(authority)) return true;
  const auto& allowed = parts_.switches.snapshot().admin_allowed_hosts;
  return std::find(allowed.begin(), allowed.end(), host_of_authority(authority)) != allowed.end();
}

void AdminApi::answer(const AdminRequest& request, const AdminReply& reply) {
  // A probe comes by the pod's address; what is served on that door changes nothing.
  if (request.door == Door::admin) {
    if (!is_allowed_host(request.authority)) {
      return reply(problem(403, "Host is no loopback name or address, nor in admin.allowed_hosts"));
    }
    if (request.origin && !origin_agrees(*request.origin, request.authority)) {
      return reply(problem(403, "Origin does not agree with Host"));
    }
  }
  if (request.body.size() > kAdminBodyBytesMax) return reply(problem(413, "the body is too large"));
  dispatch(request, reply);
}

const Tokens::Holder* AdminApi::holder_of(const AdminRequest& request) const {
  if (!tokens_ || !request.authorization) return nullptr;
  const auto token = bearer_token(*request.authorization);
  return token ? tokens_->find(*token) : nullptr;
}

void AdminApi::dispatch(const AdminRequest& request, const AdminReply& reply) {
  const auto target = AdminTarget::parse(request.target);
  if (!target) return reply(problem(400, "the target can not be read"));
  const Tokens::Holder* const holder = holder_of(request);
  std::string allowed;
  for (const Route& route : routes()) {
    if (request.door == Door::health && !route.on_health) continue;
    const auto names = target->match(route.pattern);
    if (!names) continue;
    const bool is_get = route.method == "GET" && is_read(request.method);
    if (is_get || route.method == request.method) {
      if (tokens_ && route.role != AdminRole::none) {
        if (holder == nullptr) return reply(unauthorized());
        if (holder->role < route.role) {
          return reply(problem(403, "the role " + std::string(to_string(route.role)) +
                                        " is needed, this token has " +
                                        std::string(to_string(holder->role))));
        }
      }
      return (this->*route.answer)({request, *target, *names, holder, reply});
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allowed += ", HEAD";
  }
  // Who may not read does not learn what there is.
  if (tokens_ && holder == nullptr && request.door == Door::admin) return reply(unauthorized());
  if (allowed.empty()) return reply(problem(404, "there is nothing at this path"));
  reply(not_allowed(allowed));
}

}  // namespace banyan::control
