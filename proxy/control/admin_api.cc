#include "proxy/control/admin_api.h"

#include <algorithm>
#include <array>

#include "config/scalar.h"
#include "proxy/observe/metrics.h"
#include "shadow/report.h"

namespace banyan::control {
namespace {

using nlohmann::json;

bool is_read(std::string_view method) { return method == "GET" || method == "HEAD"; }

// The members of a body: nothing beside `known`, so that a misspelt one is not ignored.
Result<json, std::string> members(const std::string& body,
                                  const std::vector<std::string_view>& known) {
  if (body.find_first_not_of(" \t\r\n") == std::string::npos) return json::object();
  json document = json::parse(body, nullptr, false);
  if (!document.is_object()) return tl::unexpected(std::string("the body is no JSON object"));
  for (const auto& [key, value] : document.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return tl::unexpected("unknown key \"" + key.substr(0, kAuthorTextMax) + "\"");
    }
  }
  if (document.contains("reason") && !document["reason"].is_string()) {
    return tl::unexpected(std::string("reason: not a text"));
  }
  return document;
}

Result<routing::Share, std::string> share_of(const json& percent) {
  if (!percent.is_number()) return tl::unexpected(std::string("percent: a number is needed"));
  std::string text = percent.dump();
  if (text.ends_with(".0")) text.resize(text.size() - 2);
  const auto share = config::read_percent(text);
  if (!share) return tl::unexpected("percent: " + share.error());
  return *share;
}

constexpr std::chrono::hours kTtlMax{366 * 24};

Result<std::optional<WallTime>, std::string> expiry_of(const json& body, WallTime now) {
  if (!body.contains("ttl")) return std::optional<WallTime>{};
  if (!body["ttl"].is_string())
    return tl::unexpected(std::string("ttl: not a duration like \"2h\""));
  const auto ttl = config::read_duration(body["ttl"].get<std::string>());
  if (!ttl) return tl::unexpected("ttl: " + ttl.error());
  if (ttl->count() <= 0) return tl::unexpected(std::string("ttl: 0 is over at once"));
  if (*ttl > kTtlMax) return tl::unexpected(std::string("ttl: more than a year"));
  return std::optional<WallTime>(now + *ttl);
}

// 202: in force, but a restart would not know of it.
AdminResponse switched_response(const Switchboard::Switched& switched, json more) {
  json document{
      {"in_force", true}, {"durable", switched.durable}, {"migrations", switched.migrations}};
  if (!switched.durable) document["problem"] = switched.problem;
  document.update(more);
  return json_response(document, switched.durable ? 200 : 202);
}

}  // namespace

struct AdminApi::Call {
  const AdminRequest& request;
  const AdminTarget& target;
  const std::vector<std::string>& names;  // in `{}` of the route's pattern
  const AdminReply& reply;
};

struct AdminApi::Route {
  std::string_view method;  // GET: also HEAD
  std::string_view pattern;
  void (AdminApi::*answer)(const Call& call);
  bool on_health = false;
};

const std::vector<AdminApi::Route>& AdminApi::routes() {
  static const std::vector<Route> kRoutes{
      {"GET", "/livez", &AdminApi::live, true},
      {"GET", "/readyz", &AdminApi::ready, true},
      {"GET", "/metrics", &AdminApi::metrics, true},
      {"GET", "/v1/status", &AdminApi::status},
      {"GET", "/v1/migrations", &AdminApi::migrations},
      {"GET", "/v1/migrations/{}", &AdminApi::migration},
      {"POST", "/v1/migrations/{}/rollback", &AdminApi::rollback_migration},
      {"POST", "/v1/migrations/{}/rearm", &AdminApi::rearm},
      {"GET", "/v1/flags", &AdminApi::flags},
      {"GET", "/v1/flags/{}", &AdminApi::flag},
      {"PUT", "/v1/flags/{}", &AdminApi::set_flag},
      {"DELETE", "/v1/flags/{}", &AdminApi::clear_flag},
      {"POST", "/v1/flags/{}/rollback", &AdminApi::rollback_flag},
      {"POST", "/v1/rollback", &AdminApi::rollback_all},
      {"GET", "/v1/report", &AdminApi::report},
      {"POST", "/v1/reload", &AdminApi::reload},
      {"POST", "/v1/drain", &AdminApi::drain},
      {"GET", "/v1/audit", &AdminApi::audit},
  };
  return kRoutes;
}

void AdminApi::answer(const AdminRequest& request, const AdminReply& reply) {
  // A probe comes by the pod's address; what is served on that door changes nothing.
  if (request.door == Door::admin) {
    if (!is_loopback_authority(request.authority)) {
      return reply(problem(403, "Host is no loopback name or address"));
    }
    if (request.origin && !origin_agrees(*request.origin, request.authority)) {
      return reply(problem(403, "Origin does not agree with Host"));
    }
  }
  if (request.body.size() > kAdminBodyBytesMax) return reply(problem(413, "the body is too large"));
  dispatch(request, reply);
}

void AdminApi::dispatch(const AdminRequest& request, const AdminReply& reply) {
  const auto target = AdminTarget::parse(request.target);
  if (!target) return reply(problem(400, "the target can not be read"));
  std::string allowed;
  for (const Route& route : routes()) {
    if (request.door == Door::health && !route.on_health) continue;
    const auto names = target->match(route.pattern);
    if (!names) continue;
    const bool is_get = route.method == "GET" && is_read(request.method);
    if (is_get || route.method == request.method) {
      return (this->*route.answer)({request, *target, *names, reply});
    }
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method);
    if (route.method == "GET") allowed += ", HEAD";
  }
  if (allowed.empty()) return reply(problem(404, "there is nothing at this path"));
  AdminResponse response = problem(405, "this path takes " + allowed);
  response.headers.emplace_back("allow", allowed);
  reply(std::move(response));
}

Author AdminApi::author(const Call& call) const {
  const json body = json::parse(call.request.body, nullptr, false);
  Author author = author_of(body);
  author.who = call.request.who.empty() ? "(unknown)" : call.request.who.substr(0, kAuthorTextMax);
  if (!call.request.peer.empty()) author.who += " from " + call.request.peer;
  author.at = parts_.now();
  return author;
}

void AdminApi::live(const Call& call) { call.reply(text_response("live\n")); }

void AdminApi::ready(const Call& call) {
  const StatusFacts facts = parts_.facts();
  if (facts.ready) return call.reply(text_response("ready\n"));
  call.reply(text_response(facts.draining ? "draining\n" : "starting\n", 503));
}

void AdminApi::metrics(const Call& call) {
  AdminResponse response = text_response(parts_.metrics());
  response.content_type = observe::kMetricsType;
  call.reply(std::move(response));
}

void AdminApi::status(const Call& call) {
  call.reply(json_response(status_json(parts_.switches, parts_.reloader.status(), parts_.facts())));
}

void AdminApi::migrations(const Call& call) {
  json all = json::array();
  for (const auto& migration : parts_.switches.snapshot().migrations) {
    all.push_back(migration_json(parts_.switches, migration));
  }
  call.reply(json_response({{"migrations", all}}));
}

void AdminApi::migration(const Call& call) {
  const config::Migration* found = parts_.switches.migration(call.names[0]);
  if (found == nullptr) return call.reply(problem(404, "there is no such migration"));
  call.reply(json_response(migration_json(parts_.switches, *found)));
}

void AdminApi::flags(const Call& call) {
  json all = json::array();
  for (const FlagView& view : parts_.switches.flags()) all.push_back(flag_json(view));
  call.reply(json_response({{"flags", all}}));
}

std::string AdminApi::etag() const {
  return '"' + std::to_string(parts_.switches.revision()) + '"';
}

void AdminApi::flag(const Call& call) {
  const auto view = parts_.switches.flag(call.names[0]);
  if (!view) return call.reply(problem(404, "there is no such flag"));
  AdminResponse response = json_response(flag_json(*view));
  response.headers.emplace_back("etag", etag());
  call.reply(std::move(response));
}

// RFC 9110 §13.1.1
bool AdminApi::precondition_holds(const Call& call, const std::string& etag) const {
  if (!call.request.if_match) return true;
  bool holds = false;
  for_each_list_member(*call.request.if_match,
                       [&](std::string_view tag) { holds |= tag == "*" || tag == etag; });
  return holds;
}

Result<RunTimeFlag, std::string> AdminApi::wanted(const Call& call) const {
  const auto body = members(call.request.body, {"percent", "reason", "ttl"});
  if (!body) return tl::unexpected(body.error());
  const auto share = share_of(body->value("percent", json()));
  if (!share) return tl::unexpected(share.error());
  const auto expires = expiry_of(*body, parts_.now());
  if (!expires) return tl::unexpected(expires.error());
  return RunTimeFlag{*share, author(call), *expires};
}

void AdminApi::set_flag(const Call& call) {
  const std::string& name = call.names[0];
  if (!parts_.switches.flag(name)) return call.reply(problem(404, "there is no such flag"));
  if (!precondition_holds(call, etag())) {
    return call.reply(problem(412, "the flags have changed since"));
  }
  const auto value = wanted(call);
  if (!value) return call.reply(problem(400, value.error()));
  parts_.switches.set_flag(name, *value, [this, name, reply = call.reply](const auto& switched) {
    const auto view = parts_.switches.flag(name);
    parts_.changed();
    reply(switched_response(switched, view ? flag_json(*view) : json::object()));
  });
}

void AdminApi::clear_flag(const Call& call) {
  const std::string& name = call.names[0];
  if (!parts_.switches.flag(name)) return call.reply(problem(404, "there is no such flag"));
  if (!precondition_holds(call, etag())) {
    return call.reply(problem(412, "the flags have changed since"));
  }
  const auto body = members(call.request.body, {"reason"});
  if (!body) return call.reply(problem(400, body.error()));
  parts_.switches.clear_flag(
      name, author(call), [this, name, reply = call.reply](const auto& done) {
        parts_.changed();
        const auto view = parts_.switches.flag(name);
        reply(switched_response(done, view ? flag_json(*view) : json::object()));
      });
}

void AdminApi::rollback(const Call& call, const std::vector<std::string>& names) {
  const auto body = members(call.request.body, {"reason"});
  if (!body) return call.reply(problem(400, body.error()));
  parts_.switches.rollback(names, "operator", author(call),
                           [this, reply = call.reply](const auto& done) {
                             parts_.changed();
                             reply(switched_response(done, {{"siblings", done.siblings}}));
                           });
}

void AdminApi::rollback_migration(const Call& call) {
  if (parts_.switches.migration(call.names[0]) == nullptr) {
    return call.reply(problem(404, "there is no such migration"));
  }
  rollback(call, {call.names[0]});
}

void AdminApi::rollback_flag(const Call& call) {
  const auto view = parts_.switches.flag(call.names[0]);
  if (!view) return call.reply(problem(404, "there is no such flag"));
  rollback(call, view->migrations);
}

void AdminApi::rollback_all(const Call& call) {
  std::vector<std::string> names;
  for (const auto& m : parts_.switches.snapshot().migrations) names.push_back(m.name);
  rollback(call, names);
}

void AdminApi::rearm(const Call& call) {
  const std::string& name = call.names[0];
  if (parts_.switches.migration(name) == nullptr) {
    return call.reply(problem(404, "there is no such migration"));
  }
  const auto body = members(call.request.body, {"reason"});
  if (!body) return call.reply(problem(400, body.error()));
  parts_.switches.rearm(name, author(call), [this, reply = call.reply](const auto& done) {
    parts_.changed();
    reply(switched_response(done, {{"siblings", done.siblings}}));
  });
}

void AdminApi::report(const Call& call) {
  for (const auto& [key, value] : call.target.query) {
    if (key != "migration" && key != "format") {
      return call.reply(problem(400, "unknown parameter \"" + key + "\""));
    }
  }
  const std::string format = call.target.first("format").value_or("json");
  if (format != "json" && format != "text") {
    return call.reply(problem(400, "format: text or json"));
  }
  const auto names = call.target.all("migration");
  for (const std::string& name : names) {
    if (parts_.switches.migration(name) == nullptr) {
      return call.reply(problem(404, "there is no migration \"" + name + "\""));
    }
  }
  const auto kind = format == "json" ? shadow::ReportFormat::json : shadow::ReportFormat::text;
  AdminResponse response =
      text_response(shadow::render(parts_.differences.report(names), kind, parts_.now()));
  if (format == "json") response.content_type = "application/json";
  call.reply(std::move(response));
}

void AdminApi::reload(const Call& call) {
  const AuditEntry entry{"reload", {}, {}, {}, author(call)};
  parts_.reload([this, entry, reply = call.reply](const Reloader::Status& s) {
    AuditEntry told = entry;
    told.to = s.ok ? "taken" : "refused";
    static_cast<void>(parts_.audit.append(told));
    if (s.ok) return reply(json_response({{"reloaded", true}}));
    reply(problem(422, "the configuration has problems, the one before stays in force",
                  {{"problems", s.problems}}));
  });
}

void AdminApi::drain(const Call& call) {
  parts_.drain(author(call));
  call.reply(json_response({{"draining", true}}));
}

void AdminApi::audit(const Call& call) {
  call.reply(json_response({{"entries", parts_.audit.tail()}}));
}

}  // namespace banyan::control
