// The answers that tell what was compared.
#include <charconv>

#include "config/scalar.h"
#include "proxy/control/admin_call.h"
#include "shadow/report.h"
#include "shadow/store/store.h"

namespace banyan::control {
namespace {

using nlohmann::json;

constexpr std::size_t kDifferencesPage = 100;

AdminResponse no_store() { return problem(503, "there is no store, or too many wait for it"); }

std::optional<std::int64_t> id_of(const std::string& text) {
  std::int64_t id = 0;
  const auto done = std::from_chars(text.data(), text.data() + text.size(), id);
  if (done.ec != std::errc{} || done.ptr != text.data() + text.size()) return std::nullopt;
  return id;
}

json difference_json(const shadow::StoredDifference& one) {
  json made{{"id", one.id},
            {"migration", one.migration},
            {"epoch", one.epoch},
            {"endpoint", one.endpoint},
            {"place", one.place},
            {"kind", shadow::to_string(one.kind)},
            {"verdict", shadow::to_string(one.verdict)},
            {"skew_us", std::chrono::abs(one.sample.skew).count()},
            {"asked_first", to_string(shadow::asked_first(one.sample))},
            {"at", to_text(one.sample.at)},
            {"method", one.sample.method},
            {"target", one.sample.target},
            {"path", one.sample.path},
            {"left", one.sample.left},
            {"right", one.sample.right}};
  if (!one.sample.left_body.empty()) made["left_body"] = one.sample.left_body;
  if (!one.sample.right_body.empty()) made["right_body"] = one.sample.right_body;
  return made;
}

AdminResponse rendered(const std::vector<shadow::MigrationReport>& report,
                       shadow::ReportFormat format, WallTime now) {
  AdminResponse response = text_response(shadow::render(report, format, now));
  response.content_type = shadow::media_type_of(format);
  return response;
}

// A key that is not among `known`, so that a misspelt one is not ignored.
std::optional<std::string> unknown_key(const AdminTarget& target,
                                       std::initializer_list<std::string_view> known) {
  for (const auto& [key, value] : target.query) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return "unknown parameter \"" + key + "\"";
    }
  }
  return std::nullopt;
}

// What a read on the store's thread leaves for the answer.
template <class T>
using Found = std::shared_ptr<shadow::StoreResult<T>>;
template <class T>
Found<T> nothing_found() {
  return std::make_shared<shadow::StoreResult<T>>(
      tl::unexpected(shadow::StoreError{shadow::StoreError::Kind::other, "there is no store"}));
}
AdminResponse refused(const shadow::StoreError& error) {
  return problem(503, "the store can not be read: " + error.text);
}

}  // namespace

void AdminApi::report(const Call& call) {
  if (const auto bad = unknown_key(call.target, {"migration", "format", "since", "epoch"})) {
    return call.reply(problem(400, *bad));
  }
  const auto format = shadow::report_format_of(call.target.first("format").value_or("json"));
  if (!format) {
    return call.reply(problem(400, "format: text, json, html, markdown or junit"));
  }
  const auto names = call.target.all("migration");
  for (const std::string& name : names) {
    if (parts_.switches.migration(name) == nullptr) {
      return call.reply(problem(404, "there is no migration \"" + name + "\""));
    }
  }
  shadow::RecordQuery query{names, call.target.first("epoch"), std::nullopt};
  if (const auto since = call.target.first("since")) {
    const auto duration = config::read_duration(*since);
    if (!duration) return call.reply(problem(400, "since: " + duration.error()));
    query.since = parts_.now() - *duration;
  }
  if (query.epoch || query.since) return stored_report(call, query, *format);
  call.reply(rendered(parts_.readiness.report(names, parts_.now()), *format, parts_.now()));
}

void AdminApi::stored_report(const Call& call, const shadow::RecordQuery& query,
                             shadow::ReportFormat format) {
  const auto found = nothing_found<std::vector<shadow::EpochRecord>>();
  const bool asked = parts_.read_store(
      [found, query](shadow::Store* store) {
        if (store != nullptr) *found = store->records(query);
      },
      [this, found, query, format, reply = call.reply] {
        if (!*found) return reply(refused(found->error()));
        shadow::DifferenceTable table;
        for (const shadow::EpochRecord& record : **found) table.restore(record);
        reply(rendered(parts_.readiness.report_of(table, query.migrations), format, parts_.now()));
      });
  if (!asked) call.reply(no_store());
}

void AdminApi::differences(const Call& call) {
  if (const auto bad = unknown_key(call.target, {"migration", "endpoint", "cursor"})) {
    return call.reply(problem(400, *bad));
  }
  shadow::DifferenceQuery query;
  query.migration = call.target.first("migration");
  query.endpoint = call.target.first("endpoint");
  query.count_max = kDifferencesPage + 1;  // one more tells whether there are more
  if (const auto cursor = call.target.first("cursor")) {
    query.before = id_of(*cursor);
    if (!query.before) return call.reply(problem(400, "cursor: not one that this API gave"));
  }
  const auto found = nothing_found<std::vector<shadow::StoredDifference>>();
  const bool asked = parts_.read_store(
      [found, query](shadow::Store* store) {
        if (store != nullptr) *found = store->differences(query);
      },
      [found, reply = call.reply] {
        if (!*found) return reply(refused(found->error()));
        json document{{"differences", json::array()}, {"cursor", nullptr}};
        std::vector<shadow::StoredDifference>& all = **found;
        const bool more = all.size() > kDifferencesPage;
        if (more) all.resize(kDifferencesPage);
        for (const auto& one : all) document["differences"].push_back(difference_json(one));
        if (more) document["cursor"] = std::to_string(all.back().id);
        reply(json_response(document));
      });
  if (!asked) call.reply(no_store());
}

void AdminApi::difference(const Call& call) {
  const auto id = id_of(call.names[0]);
  if (!id) return call.reply(problem(404, "there is no such difference"));
  const auto found = nothing_found<std::optional<shadow::StoredDifference>>();
  const bool asked = parts_.read_store(
      [found, id = *id](shadow::Store* store) {
        if (store != nullptr) *found = store->difference(id);
      },
      [found, reply = call.reply] {
        if (!*found) return reply(refused(found->error()));
        if (!**found) return reply(problem(404, "there is no such difference"));
        reply(json_response(difference_json(***found)));
      });
  if (!asked) call.reply(no_store());
}

}  // namespace banyan::control
