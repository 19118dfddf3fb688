#include "proxy/control/latches.h"

namespace banyan::control {
namespace {

using nlohmann::json;

json to_json(const Latch& latch) {
  json object = to_json(latch.author);
  object["cause"] = latch.cause;
  return object;
}

std::optional<Latch> latch_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  return Latch{object.value("cause", json()).is_string() ? object["cause"].get<std::string>() : "",
               author_of(object)};
}

}  // namespace

std::optional<std::string> Latches::load(WallTime now) {
  const StateFile::Loaded loaded = file_.load();
  if (loaded.found == StateFile::Found::nothing) return std::nullopt;
  if (loaded.found == StateFile::Found::document && read(loaded.document)) return std::nullopt;
  latched_.clear();
  rearmed_.clear();
  everything_ = Latch{"unreadable_state", {"banyan", "the list of latches could not be read", now}};
  std::string told =
      loaded.problem.empty() ? file_.path() + ": not a list of latches" : loaded.problem;
  told += "; every migration is latched until it is rearmed";
  const auto aside = file_.replace_unreadable(document());
  durable_ = aside.has_value();
  told +=
      aside ? "; the old file is now " + *aside : "; it could not be replaced: " + aside.error();
  return told;
}

// All or nothing: a list that is half understood could leave out a latch.
bool Latches::read(const json& document) {
  const json latched = document.value("latched", json());
  if (!latched.is_object()) return false;
  for (const auto& [name, object] : latched.items()) {
    const auto latch = latch_of(object);
    if (!latch) return false;
    latched_[name] = *latch;
  }
  if (document.contains("everything") && !(everything_ = latch_of(document["everything"]))) {
    return false;
  }
  for (const json& name : document.value("rearmed", json::array())) {
    if (!name.is_string()) return false;
    rearmed_.insert(name.get<std::string>());
  }
  return true;
}

json Latches::document() const {
  json document{{"latched", json::object()}};
  for (const auto& [name, latch] : latched_) document["latched"][name] = to_json(latch);
  if (everything_) {
    document["everything"] = to_json(*everything_);
    document["rearmed"] = rearmed_;
  }
  return document;
}

std::optional<Latch> Latches::find(std::string_view migration) const {
  if (const auto at = latched_.find(migration); at != latched_.end()) return at->second;
  if (everything_ && !rearmed_.contains(migration)) return everything_;
  return std::nullopt;
}

void Latches::set(const std::string& migration, const Latch& latch) {
  if (!find(migration)) latched_[migration] = latch;
}

void Latches::take_off(const std::string& migration) {
  latched_.erase(migration);
  if (everything_) rearmed_.insert(migration);
}

Result<void, std::string> Latches::save() {
  auto saved = file_.save(document());
  durable_ = saved.has_value();
  return saved;
}

}  // namespace banyan::control
