// proxy/control/difference_store.h: the store of the running process: how it is opened, what it is
// asked, what is said of it.
//
// Control thread only. Without a store (its file is of a later version, or can not be made) the
// process runs all the same, and reports cover what it has seen itself.
#pragma once

#include <memory>
#include <string>

#include "config/snapshot.h"
#include "proxy/net/loop.h"
#include "shadow/store/store_thread.h"

namespace banyan::control {

class DifferenceStore {
 public:
  // The loop and the table outlive it.
  DifferenceStore(net::Loop& loop, shadow::DifferenceTable& table, std::string path,
                  std::string key_path)
      : loop_(loop), table_(table), path_(std::move(path)), key_path_(std::move(key_path)) {}

  // What was saved goes into the table; from now on what the table gets is saved. A broken file is
  // moved aside, and said.
  void open(const config::Store& settings);
  void configure(const config::Store& settings);

  using Read = shadow::StoreThread::Read;
  // `read` on the store's thread, then `done` on the control thread. False: there is no store, or
  // too many wait for it.
  [[nodiscard]] bool read(Read read, std::function<void()> done);

  [[nodiscard]] const shadow::StoreThread* thread() const { return thread_.get(); }
  // Why there is none; empty where there is one.
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void configure_table(const config::Store& settings);

  net::Loop& loop_;
  shadow::DifferenceTable& table_;
  const std::string path_;
  const std::string key_path_;  // of hash_key()
  bool has_key_ = false;        // the table got it
  std::string problem_;
  std::unique_ptr<shadow::StoreThread> thread_;
};

}  // namespace banyan::control
