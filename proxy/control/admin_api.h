// proxy/control/admin_api.h: what the admin API answers. No socket: a request in, an answer out.
//
//   door -> Host and Origin -> token -> path and method -> role -> precondition -> answer
//
// Control thread only. The reply comes exactly once, for a change after it is in force.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/control/admin_access.h"
#include "proxy/control/admin_message.h"
#include "proxy/control/admin_target.h"
#include "proxy/control/audit_log.h"
#include "proxy/control/events.h"
#include "proxy/control/reloader.h"
#include "proxy/control/status_page.h"
#include "proxy/control/switchboard.h"
#include "shadow/difference_table.h"
#include "shadow/report.h"
#include "shadow/store/store_thread.h"

namespace banyan::control {

inline constexpr std::size_t kAdminBodyBytesMax = 64 * 1024;

class AdminApi {
 public:
  struct Parts {  // all outlive the API
    Switchboard& switches;
    const Reloader& reloader;
    AuditLog& audit;
    shadow::DifferenceTable& differences;
    // As DifferenceStore::read().
    std::function<bool(shadow::StoreThread::Read read, std::function<void()> done)> read_store;
    const Events& events;
    std::function<StatusFacts()> facts;
    std::function<std::string()> metrics;
    // `then` once facts() and metrics() know how the endpoints are now.
    std::function<void(std::function<void()> then)> refresh;
    std::function<void(const Author&, const Reloader::Done& done)> reload;
    std::function<void(const Author&)> drain;
    std::function<WallTime()> now;
    std::function<void()> changed;  // after a flag or a latch: something new may be due
    ReadinessBook& readiness;
    std::function<void(StatusFacts& facts)> add_ramps;  // what only the status tells of them
  };

  explicit AdminApi(Parts parts) : parts_(std::move(parts)) {}

  void answer(const AdminRequest& request, const AdminReply& reply);
  // Who may ask from now on. Without tokens: everybody who reaches the address.
  void admit(std::optional<Tokens> tokens) { tokens_ = std::move(tokens); }

  struct Path {
    std::string_view method;
    std::string_view pattern;  // `{}`: a name
    AdminRole role;
  };
  // Everything that it answers, for those who describe it.
  [[nodiscard]] static std::vector<Path> paths();

  struct Call;  // admin_call.h

 private:
  struct Route;
  static const std::vector<Route>& routes();
  void dispatch(const AdminRequest& request, const AdminReply& reply);

  void live(const Call& call);
  void ready(const Call& call);
  void metrics(const Call& call);
  void status(const Call& call);
  void migrations(const Call& call);
  void migration(const Call& call);
  void flags(const Call& call);
  void flag(const Call& call);
  void set_flag(const Call& call);
  void clear_flag(const Call& call);
  void rollback_migration(const Call& call);
  void rollback_flag(const Call& call);
  void rollback_all(const Call& call);
  void rearm(const Call& call);
  void pause_ramp(const Call& call);
  void resume_ramp(const Call& call);
  void skip_ramp(const Call& call);
  void report(const Call& call);
  void stored_report(const Call& call, const shadow::RecordQuery& query,
                     shadow::ReportFormat format);
  void differences(const Call& call);
  void difference(const Call& call);
  void reset(const Call& call);
  void reload(const Call& call);
  void drain(const Call& call);
  void ofrep_flag(const Call& call);
  void ofrep_flags(const Call& call);
  void audit(const Call& call);
  void events(const Call& call);

  void rollback(const Call& call, const std::vector<std::string>& names);
  // nullptr: it was answered why there is nothing to do.
  [[nodiscard]] const Ramp* ramp_of(const Call& call) const;
  [[nodiscard]] Switchboard::Answer ramp_answer(const Call& call, const std::string& flag) const;
  // What is wrong with a body that may only have a reason; empty: nothing.
  [[nodiscard]] static std::string only_a_reason(const Call& call);
  [[nodiscard]] Author author(const Call& call) const;
  [[nodiscard]] Result<RunTimeFlag, std::string> wanted(const Call& call) const;
  [[nodiscard]] bool is_allowed_host(const std::string& authority) const;
  // nullptr: nobody who may ask.
  [[nodiscard]] const Tokens::Holder* holder_of(const AdminRequest& request) const;

  const Parts parts_;
  std::optional<Tokens> tokens_;
};

}  // namespace banyan::control
