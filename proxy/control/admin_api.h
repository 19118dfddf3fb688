// proxy/control/admin_api.h: what the admin API answers. No socket: a request in, an answer out.
//
// Control thread only. The reply comes exactly once, for a change after it is in force.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "proxy/control/admin_message.h"
#include "proxy/control/admin_target.h"
#include "proxy/control/audit_log.h"
#include "proxy/control/reloader.h"
#include "proxy/control/status_page.h"
#include "proxy/control/switchboard.h"
#include "shadow/difference_table.h"

namespace banyan::control {

inline constexpr std::size_t kAdminBodyBytesMax = 64 * 1024;

class AdminApi {
 public:
  struct Parts {  // all outlive the API
    Switchboard& switches;
    const Reloader& reloader;
    AuditLog& audit;
    const shadow::DifferenceTable& differences;
    std::function<StatusFacts()> facts;
    std::function<std::string()> metrics;
    std::function<void(const Reloader::Done& done)> reload;
    std::function<void(const Author&)> drain;
    std::function<WallTime()> now;
    std::function<void()> changed;  // after a flag or a latch: something new may be due
  };

  explicit AdminApi(Parts parts) : parts_(std::move(parts)) {}

  void answer(const AdminRequest& request, const AdminReply& reply);

 private:
  struct Call;
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
  void report(const Call& call);
  void reload(const Call& call);
  void drain(const Call& call);
  void audit(const Call& call);

  void rollback(const Call& call, const std::vector<std::string>& names);
  [[nodiscard]] Author author(const Call& call) const;
  [[nodiscard]] Result<RunTimeFlag, std::string> wanted(const Call& call) const;
  [[nodiscard]] bool precondition_holds(const Call& call, const std::string& etag) const;
  [[nodiscard]] std::string etag() const;

  const Parts parts_;
};

}  // namespace banyan::control
