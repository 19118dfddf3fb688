#include "proxy/control/flag_view.h"

#include <map>

namespace banyan::control {

std::vector<FlagView> flag_views(const config::Snapshot& snapshot, const RunTimeFlags& run_time) {
  std::map<std::string, FlagView> by_name;
  for (const auto& [name, share] : snapshot.flags) {
    FlagView& view = by_name[name];
    view.configured = share;
    view.share = share;
    view.origin = routing::FlagOrigin::config;
  }
  for (const config::Migration& migration : snapshot.migrations) {
    by_name[migration.flag].migrations.push_back(migration.name);
  }
  std::vector<FlagView> views;
  for (auto& [name, view] : by_name) {
    view.name = name;
    view.run_time = run_time.find(name);
    if (view.run_time) {
      view.share = view.run_time->share;
      view.origin = routing::FlagOrigin::run_time;
    }
    views.push_back(std::move(view));
  }
  return views;
}

std::shared_ptr<const routing::FlagTable> flag_table(const std::vector<FlagView>& views,
                                                     routing::Slots& slots,
                                                     std::uint64_t revision) {
  for (const FlagView& view : views) static_cast<void>(slots.flag(view.name));
  auto table = std::make_shared<routing::FlagTable>(slots.flags().size());
  for (const FlagView& view : views) {
    (*table)[slots.flag(view.name)] = {revision, view.share, view.origin};
  }
  return table;
}

}  // namespace banyan::control
