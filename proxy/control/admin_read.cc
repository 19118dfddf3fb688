#include "proxy/control/admin_call.h"
#include "proxy/observe/metrics.h"

namespace banyan::control {
namespace {

using nlohmann::json;

AdminResponse with_etag(AdminResponse response, const json& document) {
  response.headers.emplace_back("etag", etag_of(document));
  return response;
}

}  // namespace

std::string etag_of(const json& document) {
  return '"' + fingerprint(document.dump(-1, ' ', true, json::error_handler_t::replace)) + '"';
}

void AdminApi::live(const Call& call) { call.reply(text_response("live\n")); }

void AdminApi::ready(const Call& call) {
  const StatusFacts facts = parts_.facts();
  if (facts.ready) return call.reply(text_response("ready\n"));
  call.reply(text_response(facts.draining ? "draining\n" : "starting\n", 503));
}

void AdminApi::metrics(const Call& call) {
  parts_.refresh([this, reply = call.reply] {
    AdminResponse response = text_response(parts_.metrics());
    response.content_type = observe::kMetricsType;
    reply(std::move(response));
  });
}

void AdminApi::status(const Call& call) {
  parts_.refresh([this, reply = call.reply] {
    StatusFacts facts = parts_.facts();
    facts.judged = parts_.readiness.judged(parts_.now());
    parts_.add_ramps(facts);
    reply(json_response(status_json(parts_.switches, parts_.reloader.status(), facts)));
  });
}

void AdminApi::migrations(const Call& call) {
  // The tag stands for what can be changed, not for what is counted.
  json all = json::array(), tagged = json::array();
  const auto judged = parts_.readiness.judged(parts_.now());
  const auto& migrations = parts_.switches.snapshot().migrations;
  for (std::size_t i = 0; i < migrations.size(); ++i) {
    tagged.push_back(migration_json(parts_.switches, migrations[i]));
    all.push_back(with_readiness(tagged.back(), judged.at(i)));
  }
  call.reply(with_etag(json_response({{"migrations", all}}), tagged));
}

void AdminApi::migration(const Call& call) {
  const config::Migration* found = parts_.switches.migration(call.names[0]);
  if (found == nullptr) return call.reply(problem(404, "there is no such migration"));
  const auto& migrations = parts_.switches.snapshot().migrations;
  const auto at = static_cast<std::size_t>(found - migrations.data());
  const json document = migration_json(parts_.switches, *found);
  const auto judged = parts_.readiness.judged(parts_.now());
  call.reply(with_etag(json_response(with_readiness(document, judged.at(at))), document));
}

void AdminApi::flags(const Call& call) {
  json all = json::array();
  for (const FlagView& view : parts_.switches.flags()) all.push_back(flag_json(view));
  call.reply(with_etag(json_response({{"flags", all}}), all));
}

void AdminApi::flag(const Call& call) {
  const auto view = parts_.switches.flag(call.names[0]);
  if (!view) return call.reply(problem(404, "there is no such flag"));
  const json document = flag_json(*view);
  call.reply(with_etag(json_response(document), document));
}

void AdminApi::audit(const Call& call) {
  call.reply(json_response({{"entries", parts_.audit.tail()}}));
}

void AdminApi::events(const Call& call) {
  if (parts_.events.full()) return call.reply(problem(503, "too many listen already"));
  AdminResponse response = text_response("");
  response.content_type = "text/event-stream";
  response.events = call.request.method == "GET";
  call.reply(std::move(response));
  parts_.changed();
}

}  // namespace banyan::control
