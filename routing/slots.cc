#include "routing/slots.h"

namespace banyan::routing {

MigrationSlot& Slots::migration(std::string_view name) {
  if (const auto known = migration_by_name_.find(name); known != migration_by_name_.end()) {
    return *known->second;
  }
  MigrationSlot& slot = migrations_.emplace_back();
  slot.name = name;
  slot.index = migrations_.size() - 1;
  migration_by_name_.emplace(name, &slot);
  return slot;
}

std::size_t Slots::flag(std::string_view name) {
  if (const auto known = flag_by_name_.find(name); known != flag_by_name_.end()) {
    return known->second;
  }
  const std::size_t index = flag_names_.size();
  flag_names_.emplace_back(name);
  flag_by_name_.emplace(name, index);
  return index;
}

}  // namespace banyan::routing
