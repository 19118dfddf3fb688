#include "config/scalar.h"
#include "proxy/control/admin_call.h"

namespace banyan::control {
namespace {

using nlohmann::json;

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

// A percentage would let rules for tenants and regions count no more; 0 is the way back.
Result<bool, std::string> may_override_targeting(const std::string& body) {
  const json document = json::parse(body, nullptr, false);
  const json wanted = document.value("override_targeting", json(false));
  if (!wanted.is_boolean()) {
    return tl::unexpected(std::string("override_targeting: true or false is needed"));
  }
  return wanted.get<bool>();
}

// 202: in force, but a restart would not know of it.
AdminResponse switched_response(const Switchboard::Switched& switched, json more) {
  json document{
      {"in_force", true}, {"durable", switched.durable}, {"migrations", switched.migrations}};
  if (!switched.durable) document["problem"] = switched.problem;
  document.update(more);
  return json_response(document, switched.durable ? 200 : 202);
}

json took_json(const Switchboard::Switched& switched) {
  return {{"switching_us", switched.switching.count()}, {"disk_us", switched.disk.count()}};
}

}  // namespace

// RFC 9110 §13.1.1
bool precondition_holds(const AdminRequest& request, const std::string& etag) {
  if (!request.if_match) return true;
  bool holds = false;
  for_each_list_member(*request.if_match,
                       [&](std::string_view tag) { holds |= tag == "*" || tag == etag; });
  return holds;
}

std::string AdminApi::only_a_reason(const Call& call) {
  const auto body = members(call.request.body, {"reason"});
  return body ? "" : body.error();
}

Author AdminApi::author(const Call& call) const {
  const json body = json::parse(call.request.body, nullptr, false);
  Author author = author_of(body);
  author.who = call.request.who.empty() ? "(unknown)" : call.request.who.substr(0, kAuthorTextMax);
  // What a token proves outranks what a caller says.
  if (call.holder != nullptr) author.who = call.holder->name;
  if (!call.request.peer.empty()) author.who += " from " + call.request.peer;
  author.at = parts_.now();
  return author;
}

Result<RunTimeFlag, std::string> AdminApi::wanted(const Call& call) const {
  const auto body = members(call.request.body, {"percent", "reason", "ttl", "override_targeting"});
  if (!body) return tl::unexpected(body.error());
  const auto share = share_of(body->value("percent", json()));
  if (!share) return tl::unexpected(share.error());
  const auto expires = expiry_of(*body, parts_.now());
  if (!expires) return tl::unexpected(expires.error());
  return RunTimeFlag{*share, author(call), *expires};
}

void AdminApi::set_flag(const Call& call) {
  const std::string& name = call.names[0];
  const auto before = parts_.switches.flag(name);
  if (!before) return call.reply(problem(404, "there is no such flag"));
  if (!precondition_holds(call.request, etag_of(flag_json(*before)))) {
    return call.reply(problem(412, "the flag has changed since"));
  }
  const auto value = wanted(call);
  if (!value) return call.reply(problem(400, value.error()));
  const auto overrides = may_override_targeting(call.request.body);
  if (!overrides) return call.reply(problem(400, overrides.error()));
  const bool has_rule = before->has_targeting() && !before->ramp;  // a ramp put it out of force
  if (has_rule && value->share != routing::kNobody && !*overrides) {
    return call.reply(
        problem(409,
                "the flag has targeting, which a percentage would put out of force: only 0 may be "
                "set, or anything with \"override_targeting\": true"));
  }
  parts_.switches.set_flag(name, *value, [this, name, reply = call.reply](const auto& switched) {
    const auto view = parts_.switches.flag(name);
    parts_.changed();
    reply(switched_response(switched, view ? flag_json(*view) : json::object()));
  });
}

void AdminApi::clear_flag(const Call& call) {
  const std::string& name = call.names[0];
  const auto before = parts_.switches.flag(name);
  if (!before) return call.reply(problem(404, "there is no such flag"));
  if (!precondition_holds(call.request, etag_of(flag_json(*before)))) {
    return call.reply(problem(412, "the flag has changed since"));
  }
  if (const std::string wrong = only_a_reason(call); !wrong.empty()) {
    return call.reply(problem(400, wrong));
  }
  parts_.switches.clear_flag(
      name, author(call), [this, name, reply = call.reply](const auto& done) {
        parts_.changed();
        const auto view = parts_.switches.flag(name);
        reply(switched_response(done, view ? flag_json(*view) : json::object()));
      });
}

void AdminApi::rollback(const Call& call, const std::vector<std::string>& names) {
  if (const std::string wrong = only_a_reason(call); !wrong.empty()) {
    return call.reply(problem(400, wrong));
  }
  parts_.switches.rollback(
      names, "operator", author(call), [this, reply = call.reply](const auto& done) {
        parts_.changed();
        reply(switched_response(done, {{"siblings", done.siblings}, {"took", took_json(done)}}));
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
  const config::Migration* const found = parts_.switches.migration(name);
  if (found == nullptr) return call.reply(problem(404, "there is no such migration"));
  if (!precondition_holds(call.request, etag_of(migration_json(parts_.switches, *found)))) {
    return call.reply(problem(412, "the migration has changed since"));
  }
  if (const std::string wrong = only_a_reason(call); !wrong.empty()) {
    return call.reply(problem(400, wrong));
  }
  parts_.switches.rearm(name, author(call), [this, reply = call.reply](const auto& done) {
    parts_.changed();
    reply(switched_response(done, {{"siblings", done.siblings}}));
  });
}

void AdminApi::reset(const Call& call) {
  const std::string& name = call.names[0];
  if (parts_.switches.migration(name) == nullptr) {
    return call.reply(problem(404, "there is no such migration"));
  }
  if (const std::string wrong = only_a_reason(call); !wrong.empty()) {
    return call.reply(problem(400, wrong));
  }
  const Author by = author(call);
  parts_.readiness.take_traffic(by.at);
  parts_.differences.reset(name, by.at);
  parts_.switches.note({"reset", name, {}, {}, by});
  // A read comes after what was to be saved: when it is answered, no restart counts on.
  const auto answer = [reply = call.reply, name, at = by.at, this](bool asked) {
    reply(json_response({{"migration", name},
                         {"since", to_text(at)},
                         {"durable", asked && parts_.facts().store_problem.empty()}}));
  };
  if (!parts_.read_store([](shadow::Store*) {}, [answer] { answer(true); })) answer(false);
}

void AdminApi::reload(const Call& call) {
  parts_.reload(author(call), [reply = call.reply](const Reloader::Status& s) {
    if (s.ok) return reply(json_response({{"reloaded", true}}));
    reply(problem(422, "the configuration has problems, the one before stays in force",
                  {{"problems", s.problems}}));
  });
}

void AdminApi::drain(const Call& call) {
  parts_.drain(author(call));
  call.reply(json_response({{"draining", true}}));
}

}  // namespace banyan::control
