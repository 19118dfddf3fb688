#include "proxy/control/flag_view.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

namespace banyan::control {
namespace {

void configure(FlagView& view, const config::FlagDefinitionPtr& definition,
               routing::FlagOrigin origin) {
  view.definition = definition;
  view.configured = definition->share;
  view.origin = origin;
}

// False: the next one is asked.
bool ask_source(const SourceContent& source, FlagView& view) {
  if (!source.flags) {
    view.configured = routing::kNobody;
    view.origin = routing::FlagOrigin::source;
    view.source_unknown = true;
  } else {
    const auto found = source.flags->flags.find(view.name);
    if (found == source.flags->flags.end()) return false;
    configure(view, found->second, routing::FlagOrigin::source);
  }
  view.source = source.file;
  return true;
}

void ask_configuration(const config::Flags& flags, FlagView& view) {
  if (const auto share = flags.shares.find(view.name); share != flags.shares.end()) {
    view.configured = share->second;
    view.origin = routing::FlagOrigin::config;
  } else if (const auto at = flags.definitions.find(view.name); at != flags.definitions.end()) {
    configure(view, at->second, routing::FlagOrigin::config);
  }
}

void ask_all(const config::Snapshot& snapshot, const SourceContents& sources,
             const RunTimeFlags& run_time, FlagView& view) {
  const bool is_answered = std::any_of(sources.rbegin(), sources.rend(), [&](const auto& source) {
    return ask_source(source, view);
  });
  if (!is_answered) ask_configuration(snapshot.flags, view);
  view.share = view.configured.value_or(routing::kNobody);
  view.run_time = run_time.find(view.name);
  if (!view.run_time) return;
  view.share = view.run_time->share;
  view.origin = routing::FlagOrigin::run_time;
}

const FlagView* view_named(const std::vector<FlagView>& views, const std::string& name) {
  const auto found = std::find_if(views.begin(), views.end(),
                                  [&](const FlagView& view) { return view.name == name; });
  return found == views.end() ? nullptr : &*found;
}

}  // namespace

std::vector<FlagView> flag_views(const config::Snapshot& snapshot, const SourceContents& sources,
                                 const RunTimeFlags& run_time) {
  std::map<std::string, FlagView> by_name;
  for (const auto& [name, share] : snapshot.flags.shares) by_name[name];
  for (const auto& [name, definition] : snapshot.flags.definitions) by_name[name];
  for (const config::Migration& migration : snapshot.migrations) {
    by_name[migration.flag].migrations.push_back(migration.name);
  }
  std::vector<FlagView> views;
  for (auto& [name, view] : by_name) {
    view.name = name;
    ask_all(snapshot, sources, run_time, view);
    views.push_back(std::move(view));
  }
  return views;
}

std::optional<FlagView> flag_view(const config::Snapshot& snapshot, const SourceContents& sources,
                                  const RunTimeFlags& run_time, const std::string& name) {
  FlagView view;
  view.name = name;
  for (const config::Migration& migration : snapshot.migrations) {
    if (migration.flag == name) view.migrations.push_back(migration.name);
  }
  const bool is_one = !view.migrations.empty() || snapshot.flags.shares.contains(name) ||
                      snapshot.flags.definitions.contains(name);
  if (!is_one) return std::nullopt;
  ask_all(snapshot, sources, run_time, view);
  return view;
}

std::shared_ptr<const routing::FlagTable> flag_table(const std::vector<FlagView>& views,
                                                     routing::Slots& slots,
                                                     std::uint64_t revision) {
  for (const FlagView& view : views) static_cast<void>(slots.flag(view.name));
  auto table = std::make_shared<routing::FlagTable>(slots.flags().size());
  for (const FlagView& view : views) {
    const bool is_by_rule = view.is_by_rule();
    (*table)[slots.flag(view.name)] = {revision, is_by_rule ? routing::kByRule : view.share,
                                       view.origin, is_by_rule ? view.definition : nullptr};
  }
  return table;
}

std::vector<std::string> newly_outranked(const std::vector<FlagView>& before,
                                         const std::vector<FlagView>& now) {
  std::vector<std::string> texts;
  for (const FlagView& view : now) {
    const FlagView* const was = view_named(before, view.name);
    const bool is_same = was != nullptr ? was->configured == view.configured : !view.configured;
    if (is_same || !view.overridden()) continue;
    const Author& author = view.run_time->author;
    texts.push_back(fmt::format(
        "flag {}: stays at {} %, set at run time by {} at {} ({}); `banyan flag clear {}` lets the "
        "configuration's value count",
        view.name, view.share.millipercent / 1000.0, author.who, to_text(author.at), author.reason,
        view.name));
  }
  return texts;
}

std::vector<std::string> flags_that_nobody_has(const std::vector<FlagView>& views,
                                               const config::Snapshot& snapshot) {
  std::vector<std::string> texts;
  if (snapshot.flags.sources.empty()) return texts;
  for (const FlagView& view : views) {
    if (view.configured || view.ramp) continue;
    for (const std::string& migration : view.migrations) {
      texts.push_back(fmt::format("migration {}: no flag source has its flag {}, so it is at 0 %",
                                  migration, view.name));
    }
  }
  return texts;
}

}  // namespace banyan::control
