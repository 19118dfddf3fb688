#include "proxy/control/run_time_flags.h"

namespace banyan::control {
namespace {

using nlohmann::json;

json to_json(const RunTimeFlag& flag) {
  json object = to_json(flag.author);
  object["millipercent"] = flag.share.millipercent;
  if (flag.expires) object["expires"] = to_text(*flag.expires);
  return object;
}

std::optional<RunTimeFlag> flag_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const json share = object.value("millipercent", json());
  if (!share.is_number_unsigned() || share.get<std::uint64_t>() > routing::kBuckets) {
    return std::nullopt;
  }
  RunTimeFlag flag{{share.get<std::uint32_t>()}, author_of(object), std::nullopt};
  if (const json expires = object.value("expires", json()); !expires.is_null()) {
    if (expires.is_string()) flag.expires = wall_time_of(expires.get<std::string>());
    if (!flag.expires) return std::nullopt;
  }
  return flag;
}

}  // namespace

std::optional<std::string> RunTimeFlags::load(WallTime now) {
  const StateFile::Loaded loaded = file_.load();
  if (loaded.found == StateFile::Found::nothing) return std::nullopt;
  if (loaded.found == StateFile::Found::document && read(loaded.document)) return std::nullopt;
  flags_.clear();
  cleared_.clear();
  every_other_ = RunTimeFlag{
      routing::kNobody, {"banyan", "the list of run-time flags could not be read", now}, {}};
  std::string told =
      loaded.problem.empty() ? file_.path() + ": not a list of flags" : loaded.problem;
  told += "; every flag is at 0 % until it is set or cleared";
  const auto aside = file_.replace_unreadable(document());
  durable_ = aside.has_value();
  told +=
      aside ? "; the old file is now " + *aside : "; it could not be replaced: " + aside.error();
  return told;
}

bool RunTimeFlags::read(const json& document) {
  const json flags = document.value("flags", json());
  if (!flags.is_object()) return false;
  for (const auto& [name, object] : flags.items()) {
    const auto flag = flag_of(object);
    if (!flag) return false;
    flags_[name] = *flag;
  }
  if (document.contains("every_other") && !(every_other_ = flag_of(document["every_other"]))) {
    return false;
  }
  for (const json& name : document.value("cleared", json::array())) {
    if (!name.is_string()) return false;
    cleared_.insert(name.get<std::string>());
  }
  return true;
}

json RunTimeFlags::document() const {
  json document{{"flags", json::object()}};
  for (const auto& [name, flag] : flags_) document["flags"][name] = to_json(flag);
  if (every_other_) {
    document["every_other"] = to_json(*every_other_);
    document["cleared"] = cleared_;
  }
  return document;
}

std::optional<RunTimeFlag> RunTimeFlags::find(std::string_view flag) const {
  if (const auto at = flags_.find(flag); at != flags_.end()) return at->second;
  if (every_other_ && !cleared_.contains(flag)) return every_other_;
  return std::nullopt;
}

void RunTimeFlags::set(const std::string& flag, const RunTimeFlag& value) { flags_[flag] = value; }

void RunTimeFlags::clear(const std::string& flag) {
  flags_.erase(flag);
  if (every_other_) cleared_.insert(flag);
}

std::vector<std::string> RunTimeFlags::expire(WallTime now) {
  std::vector<std::string> expired;
  for (const auto& [name, flag] : flags_) {
    if (flag.expires && *flag.expires <= now) expired.push_back(name);
  }
  for (const std::string& name : expired) clear(name);
  return expired;
}

std::optional<WallTime> RunTimeFlags::next_expiry() const {
  std::optional<WallTime> next;
  for (const auto& [name, flag] : flags_) {
    if (flag.expires && (!next || *flag.expires < *next)) next = flag.expires;
  }
  return next;
}

Result<void, std::string> RunTimeFlags::save() {
  auto saved = file_.save(document());
  durable_ = saved.has_value();
  return saved;
}

}  // namespace banyan::control
