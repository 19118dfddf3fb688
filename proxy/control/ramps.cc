#include "proxy/control/ramps.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace banyan::control {
namespace {

using nlohmann::json;
using routing::RampState;
using routing::Share;
using routing::Wait;

json percent(Share share) { return share.millipercent / 1000.0; }

json to_kept_json(const Ramp& ramp) {
  return {{"millipercent", ramp.state.at.millipercent},
          {"held_ms", ramp.state.held.count()},
          {"paused", ramp.paused ? to_json(*ramp.paused) : json()},
          {"begins_anew", ramp.begins_anew}};
}

void pass_time(Ramp& ramp, SteadyTime now) {
  ramp.state.held = held_by(ramp, now);
  ramp.looked_at = now;
}

std::vector<RampGate> gates_of(const config::Snapshot& snapshot, const std::string& flag) {
  std::vector<RampGate> gates;
  for (const config::Migration& m : snapshot.migrations) {
    if (m.flag == flag) gates.push_back({m.name, m.epoch});
  }
  return gates;
}

SteadyTime next_look(const Ramp& ramp) {
  if (ramp.wait != Wait::hold) return ramp.looked_at + kRampPause;
  const Milliseconds left = std::max(ramp.settings.hold - ramp.state.held, Milliseconds(0));
  return ramp.looked_at + std::min(left, kRampHeldPause);
}

}  // namespace

std::optional<Ramps::Kept> Ramps::kept_of(const json& object) {
  if (!object.is_object()) return std::nullopt;
  const json share = object.value("millipercent", json());
  const json held = object.value("held_ms", json());
  const json paused = object.value("paused", json());
  const json begins_anew = object.value("begins_anew", json(false));
  const bool good =
      share.is_number_unsigned() && share.get<std::uint64_t>() <= routing::kBuckets &&
      held.is_number_unsigned() &&
      held.get<std::uint64_t>() <= static_cast<std::uint64_t>(Milliseconds::max().count()) / 2 &&
      (paused.is_null() || paused.is_object()) && begins_anew.is_boolean();
  if (!good) return std::nullopt;
  Kept kept{{{share.get<std::uint32_t>()}, Milliseconds(held.get<std::int64_t>())},
            std::nullopt,
            begins_anew.get<bool>()};
  if (paused.is_object()) kept.paused = author_of(paused);
  return kept;
}

std::optional<std::string> Ramps::load(WallTime now) {
  const StateFile::Loaded loaded = file_.load();
  if (loaded.found == StateFile::Found::nothing) return std::nullopt;
  on_disk_ = loaded.document;
  if (loaded.found == StateFile::Found::document && read(loaded.document)) return std::nullopt;
  kept_.clear();
  every_other_ = Author{"banyan", "the list of ramps could not be read", now};
  std::string told =
      loaded.problem.empty() ? file_.path() + ": not a list of ramps" : loaded.problem;
  told += "; every ramp is at 0 % and paused until it is resumed";
  const auto aside = file_.replace_unreadable(document());
  durable_ = aside.has_value();
  if (aside) on_disk_ = document();
  return told + (aside ? "; the old file is now " + *aside
                       : "; it could not be replaced: " + aside.error());
}

bool Ramps::read(const json& document) {
  const json ramps = document.value("ramps", json());
  if (!ramps.is_object()) return false;
  for (const auto& [flag, object] : ramps.items()) {
    auto kept = kept_of(object);
    if (!kept) return false;
    kept_[flag] = std::move(*kept);
  }
  if (document.contains("every_other")) every_other_ = author_of(document["every_other"]);
  return true;
}

json Ramps::document() const {
  json document{{"ramps", json::object()}};
  for (const Ramp& ramp : ramps_) {
    document["ramps"][ramp.flag] = to_kept_json(ramp);
  }
  if (every_other_) document["every_other"] = to_json(*every_other_);
  return document;
}

std::vector<Ramp> Ramps::planned(const config::Snapshot& snapshot) const {
  std::vector<Ramp> ramps;
  for (const config::Migration& m : snapshot.migrations) {
    if (!m.ramp) continue;
    Ramp made;
    made.flag = m.flag;
    made.gates = gates_of(snapshot, m.flag);
    made.settings = *m.ramp;
    made.paused = every_other_;
    made.begins_anew = made.is_fresh = every_other_.has_value();
    if (const auto kept = kept_.find(m.flag); kept != kept_.end()) {
      made.state = kept->second.state;
      made.paused = kept->second.paused;
      made.begins_anew = kept->second.begins_anew;
      made.is_fresh = made.begins_anew || made.state.at != routing::kNobody;
    } else if (const Ramp* const old = find(m.flag); old != nullptr) {
      made.state = old->state;
      made.paused = old->paused;
      made.wait = old->wait;
      made.looked_at = old->looked_at;
      made.was_out = old->was_out;
      made.is_fresh = old->is_fresh;
      made.begins_anew = old->begins_anew;
      if (old->gates != made.gates && made.state.at != routing::kNobody) {
        made.state.held = Milliseconds(0);
        made.is_fresh = true;
      }
    }
    const Share at = within(made.settings, made.state.at);
    if (at != made.state.at) made.state = {at, Milliseconds(0)};
    ramps.push_back(std::move(made));
  }
  return ramps;
}

std::vector<Ramp> Ramps::adopt(const config::Snapshot& snapshot, SteadyTime now) {
  std::vector<Ramp> lowered;
  std::vector<Ramp> next = planned(snapshot);
  for (Ramp& ramp : next) {
    Ramp before = ramp;
    if (const Ramp* const old = find(ramp.flag); old != nullptr) {
      before = *old;
    } else {
      ramp.looked_at = now;
      const auto kept = kept_.find(ramp.flag);
      if (kept != kept_.end()) before.state = kept->second.state;
    }
    if (before.state.at.millipercent > ramp.state.at.millipercent) lowered.push_back(before);
  }
  ramps_ = std::move(next);
  kept_.clear();
  every_other_.reset();
  stir();
  return lowered;
}

const Ramp* Ramps::find(std::string_view flag) const {
  const auto found =
      std::find_if(ramps_.begin(), ramps_.end(), [&](const Ramp& r) { return r.flag == flag; });
  return found == ramps_.end() ? nullptr : &*found;
}

Ramp& Ramps::at(std::string_view flag) {
  return *std::find_if(ramps_.begin(), ramps_.end(), [&](const Ramp& r) { return r.flag == flag; });
}

void Ramps::enter(std::string_view flag, Share share, SteadyTime now) {
  Ramp& ramp = at(flag);
  ramp.state = {share, Milliseconds(0)};
  ramp.looked_at = now;
  ramp.is_fresh = true;
  ramp.begins_anew = share == routing::kNobody;
  stir();
}

void Ramps::pause(std::string_view flag, const Author& author, SteadyTime now) {
  Ramp& ramp = at(flag);
  pass_time(ramp, now);
  ramp.paused = author;
  ramp.wait = Wait::paused;
  stir();
}

void Ramps::resume(std::string_view flag, SteadyTime now) {
  Ramp& ramp = at(flag);
  pass_time(ramp, now);
  ramp.paused.reset();
  stir();
}

std::vector<Ramps::Move> Ramps::look(const RampSurroundings& around, SteadyTime now) {
  stirred_ = false;
  std::vector<Move> moves;
  const auto that_begin_anew = [this] {
    return std::count_if(ramps_.begin(), ramps_.end(),
                         [](const Ramp& ramp) { return ramp.begins_anew; });
  };
  const auto before = that_begin_anew();
  for (Ramp& ramp : ramps_) look_at(ramp, around, now, moves);
  // What it says of the disk is in durable().
  if (that_begin_anew() != before) static_cast<void>(save());
  const bool holds = std::any_of(ramps_.begin(), ramps_.end(),
                                 [](const Ramp& ramp) { return ramp.wait == Wait::hold; });
  if (!holds) {
    held_saved_at_.reset();
  } else if (!held_saved_at_) {
    held_saved_at_ = now;
  } else if (now - *held_saved_at_ >= kRampHeldPause) {
    held_saved_at_ = now;
    static_cast<void>(save());
  }
  return moves;
}

void Ramps::look_at(Ramp& ramp, const RampSurroundings& around, SteadyTime now,
                    std::vector<Move>& moves) {
  pass_time(ramp, now);
  const bool serves = ramp.state.at != routing::kNobody;
  routing::RampFacts facts = around.facts(ramp);
  // What comes while other users than those of the step are served says nothing of it.
  const bool is_out = facts.latched || facts.disabled || (facts.overridden && serves);
  if (is_out) {
    ramp.state.held = Milliseconds(0);
    ramp.begins_anew = ramp.begins_anew || !serves;
  } else if (ramp.is_fresh || ramp.was_out) {
    ramp.is_fresh = false;
    around.begin_step(ramp);
    facts = around.facts(ramp);
  }
  ramp.was_out = is_out;
  ramp.wait = wait_of(ramp.state, ramp.settings, facts);
  if ((facts.tripped || facts.disabled) && serves) {
    moves.push_back({ramp.flag, routing::kNobody});
  } else if (ramp.wait == Wait::nothing) {
    moves.push_back({ramp.flag, *next_step(ramp.settings, ramp.state.at)});
  }
}

std::optional<SteadyTime> Ramps::due() const {
  if (ramps_.empty()) return std::nullopt;
  if (stirred_) return SteadyTime{};
  std::optional<SteadyTime> first;
  for (const Ramp& ramp : ramps_) {
    if (is_stopped(ramp.wait)) continue;
    first = std::min(first.value_or(SteadyTime::max()), next_look(ramp));
  }
  return first;
}

Result<void, std::string> Ramps::save() {
  json now = document();
  auto saved = file_.save(now);
  durable_ = saved.has_value();
  if (saved) on_disk_ = std::move(now);
  return saved;
}

Result<void, std::string> Ramps::save_changes() {
  if (durable_ && document() == on_disk_) return {};
  return save();
}

Result<void, std::string> Ramps::save_held(SteadyTime now) {
  for (Ramp& ramp : ramps_) pass_time(ramp, now);
  return save_changes();
}

// Time counts while somebody is served and nothing stops it.
Milliseconds held_by(const Ramp& ramp, SteadyTime now) {
  if (is_stopped(ramp.wait) || ramp.state.at == routing::kNobody) return ramp.state.held;
  return ramp.state.held + std::chrono::duration_cast<Milliseconds>(now - ramp.looked_at);
}

void apply_ramps(const std::vector<Ramp>& ramps, FlagView& view) {
  for (const Ramp& ramp : ramps) {
    if (view.name != ramp.flag) continue;
    view.ramp = ramp.state.at;
    if (view.run_time || view.is_disabled()) continue;
    view.share = ramp.state.at;
    view.origin = routing::FlagOrigin::ramp;
  }
}

void apply_ramps(const std::vector<Ramp>& ramps, std::vector<FlagView>& views) {
  for (FlagView& view : views) apply_ramps(ramps, view);
}

json to_json(const Ramp& ramp) {
  json steps = json::array();
  for (const Share step : ramp.settings.steps) steps.push_back(percent(step));
  const auto next = next_step(ramp.settings, ramp.state.at);
  return {{"step", ramp.step()},
          {"steps", std::move(steps)},
          {"percent", percent(ramp.state.at)},
          {"next", next ? percent(*next) : json()},
          {"paused", ramp.paused ? to_json(*ramp.paused) : json()}};
}

}  // namespace banyan::control
