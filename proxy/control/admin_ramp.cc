// What of a ramp is done by hand.
#include "proxy/control/admin_call.h"

namespace banyan::control {

using nlohmann::json;

const Ramp* AdminApi::ramp_of(const Call& call) const {
  const auto refuse = [&](int status, const std::string& why) -> const Ramp* {
    call.reply(problem(status, why));
    return nullptr;
  };
  const config::Migration* found = parts_.switches.migration(call.names[0]);
  // A ramp is shown, and alerts are raised, by the name of its flag.
  const Ramp* const by_flag = parts_.switches.ramp(call.names[0]);
  if (found == nullptr && by_flag != nullptr) {
    found = parts_.switches.migration(by_flag->gates.front().migration);
  }
  if (found == nullptr)
    return refuse(404, "there is no such migration, and no ramp of such a flag");
  if (!precondition_holds(call.request, etag_of(migration_json(parts_.switches, *found)))) {
    return refuse(412, "the migration has changed since");
  }
  if (const std::string wrong = only_a_reason(call); !wrong.empty()) return refuse(400, wrong);
  const Ramp* const ramp = parts_.switches.ramp(found->flag);
  if (ramp == nullptr) return refuse(409, "the flag " + found->flag + " has no ramp");
  return ramp;
}

Switchboard::Answer AdminApi::ramp_answer(const Call& call, const std::string& flag) const {
  return [this, flag, reply = call.reply](const Switchboard::Switched& switched) {
    parts_.changed();
    const Ramp* const now = parts_.switches.ramp(flag);
    json document{{"in_force", true},
                  {"durable", switched.durable},
                  {"flag", flag},
                  {"migrations", switched.migrations},
                  {"ramp", now != nullptr ? to_json(*now) : json()}};
    if (!switched.durable) document["problem"] = switched.problem;
    reply(json_response(document, switched.durable ? 200 : 202));
  };
}

void AdminApi::pause_ramp(const Call& call) {
  const Ramp* const ramp = ramp_of(call);
  if (ramp == nullptr) return;
  const std::string flag = ramp->flag;
  parts_.switches.pause_ramp(flag, author(call), ramp_answer(call, flag));
}

void AdminApi::resume_ramp(const Call& call) {
  const Ramp* const ramp = ramp_of(call);
  if (ramp == nullptr) return;
  const std::string flag = ramp->flag;
  parts_.switches.resume_ramp(flag, author(call), ramp_answer(call, flag));
}

void AdminApi::skip_ramp(const Call& call) {
  const Ramp* const ramp = ramp_of(call);
  if (ramp == nullptr) return;
  for (const RampGate& gate : ramp->gates) {
    if (!parts_.switches.latch(gate.migration)) continue;
    return call.reply(problem(409, gate.migration + " is rolled back: rearm it first"));
  }
  const auto view = parts_.switches.flag(ramp->flag);
  if (view->is_disabled()) {
    return call.reply(problem(409, "the flag is DISABLED in " + view->disabled_in()));
  }
  if (view->run_time) {
    return call.reply(problem(409, "a value set at run time outranks the ramp: resume clears it"));
  }
  const auto next = next_step(ramp->settings, ramp->state.at);
  if (!next) return call.reply(problem(409, "the ramp is in its last step"));
  Author by = author(call);
  by.reason = by.reason.empty() ? "skipped by hand" : "skipped by hand: " + by.reason;
  const std::string flag = ramp->flag;
  parts_.switches.move_ramp({flag, *next}, by, ramp_answer(call, flag));
}

}  // namespace banyan::control
