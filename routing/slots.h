// routing/slots.h: what of flags and migrations outlives a reload.
//
// A slot is found by name when a configuration is compiled and lives as long as the process, so a
// rollback or a flag that was set survives every reload. The latch is the one atomic that a
// decision reads: a rollback is in force without a message to anybody. Everything else of a flag
// is a FlagState in a FlagTable, replaced whole.
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "routing/flag.h"

namespace banyan::routing {

struct MigrationSlot {
  std::string name;
  std::size_t index = 0;  // counts up from 0 in the order of first appearance
  std::atomic<bool> latched{false};
};

// By flag slot. A slot that is not in it yet: FlagState{}.
using FlagTable = std::vector<FlagState>;

// Control thread only; the slots that it hands out may be read from any thread and never move.
class Slots {
 public:
  MigrationSlot& migration(std::string_view name);
  // The index of a flag in the FlagTable.
  std::size_t flag(std::string_view name);
  [[nodiscard]] const std::deque<MigrationSlot>& migrations() const { return migrations_; }
  [[nodiscard]] std::deque<MigrationSlot>& migrations() { return migrations_; }
  [[nodiscard]] const std::vector<std::string>& flags() const { return flag_names_; }

 private:
  std::deque<MigrationSlot> migrations_;
  std::map<std::string, MigrationSlot*, std::less<>> migration_by_name_;
  std::vector<std::string> flag_names_;
  std::map<std::string, std::size_t, std::less<>> flag_by_name_;
};

}  // namespace banyan::routing
