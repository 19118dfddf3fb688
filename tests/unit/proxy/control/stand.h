// A control plane without sockets and workers: what workers would do is written down, and their
// answers come when the test says so.
#pragma once

#include <gtest/gtest.h>

#include "config/load.h"
#include "proxy/control/admin_api.h"
#include "temp_dir.h"

namespace banyan::control {

// Two migrations on one flag, one on its own.
inline std::string config_text(const std::string& flags = "{ shop: 25, orders: 5 }",
                               const std::string& more = "") {
  return R"(state_dir: /tmp/not-used
admin: { bind: "127.0.0.1:0" }
health: { bind: "127.0.0.1:0" }
listeners: [ { name: ingress, bind: "127.0.0.1:0" } ]
upstreams:
  old: { endpoints: ["127.0.0.1:9001"] }
  new: { endpoints: ["127.0.0.1:9002"] }
migrations:
  - { name: orders, match: [ { path_prefix: /orders } ], legacy: old, monolith: new }
  - { name: cart, match: [ { path_prefix: /cart } ], legacy: old, monolith: new, flag: shop }
  - { name: stock, match: [ { path_prefix: /stock } ], legacy: old, monolith: new, flag: shop }
flags: )" +
         flags + "\n" + more;
}

inline std::string config_with_admin(const std::string& admin) {
  std::string text = config_text();
  const std::string before = R"(admin: { bind: "127.0.0.1:0" })";
  return text.replace(text.find(before), before.size(), "admin: " + admin);
}

inline Reloader::SnapshotPtr snapshot_of(const std::string& text) {
  const config::Loaded loaded = config::load_text(text);
  for (const auto& problem : loaded.problems) ADD_FAILURE() << config::to_text("config", problem);
  return loaded.snapshot;
}

class Stand : public testing::Test {
 protected:
  Stand() { restart(); }

  void restart(const std::string& text = config_text()) {
    switches_ = std::make_unique<Switchboard>(
        directory(), slots_, audit_,
        Switchboard::Workers{[this](Switchboard::Done done) { later(std::move(done)); },
                             [this](Switchboard::Table flags, Switchboard::Done done) {
                               table_ = std::move(flags);
                               later(std::move(done));
                             }});
    problems_ = switches_->load(now_);
    take(snapshot_of(text));
  }
  void take(Reloader::SnapshotPtr snapshot) {
    table_ = switches_->prepare(*snapshot);
    switches_->adopt(std::move(snapshot));
    switches_->keep_ramps();
  }
  // What workers would have done by now.
  void turn_workers() {
    auto waiting = std::move(waiting_);
    waiting_.clear();
    for (const auto& done : waiting) done();
  }
  [[nodiscard]] bool latched(const std::string& name) {
    return slots_.migration(name).latched.load();
  }
  [[nodiscard]] std::uint32_t share(const std::string& flag) {
    return (*table_)[slots_.flag(flag)].share.millipercent;
  }

  bool read_store(const shadow::StoreThread::Read& read, const std::function<void()>& done) {
    if (!store_) return false;
    read(store_.get());
    done();
    return true;
  }

  TempDir dir_;
  std::unique_ptr<shadow::Store> store_;
  WallTime now_ = WallTime{} + std::chrono::seconds(1'795'354'493);
  routing::Slots slots_;
  AuditLog audit_{dir_.file("audit.jsonl")};
  std::unique_ptr<Switchboard> switches_;
  std::vector<std::string> problems_;
  Switchboard::Table table_;
  std::vector<std::function<void()>> waiting_;

 private:
  void later(std::function<void()> done) { waiting_.push_back(std::move(done)); }
  [[nodiscard]] const StateDir& directory() {
    if (!held_) {
      auto locked = StateDir::lock(dir_.path());
      EXPECT_TRUE(locked.has_value());
      held_ = std::make_unique<StateDir>(std::move(*locked));
    }
    return *held_;
  }
  std::unique_ptr<StateDir> held_;
};

}  // namespace banyan::control
