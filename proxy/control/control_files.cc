// What the control thread does with files that change: the configuration, certificates, flags.
#include <filesystem>
#include <utility>

#include "proxy/control/control.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

WallTime wall_now() { return std::chrono::system_clock::now(); }
SteadyTime steady_now() { return std::chrono::steady_clock::now(); }

std::string directory_of(const std::string& file) {
  const std::string directory = std::filesystem::path(file).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

void Control::say_missing_flags() const {
  for (const std::string& text : flags_that_nobody_has(switches_.flags(), switches_.snapshot())) {
    observe::log_warning(text);
  }
}

// Nobody sees them any more, and they count again when the name comes back.
void Control::say_dropped_latches(const config::Snapshot& before) const {
  for (const config::Migration& migration : before.migrations) {
    if (switches_.migration(migration.name) != nullptr || !switches_.latch(migration.name))
      continue;
    observe::log_warning("migration " + migration.name +
                         " is not in the configuration any more, and stays rolled back: under this "
                         "name it begins on legacy");
  }
}

void Control::look_at_flag_sources() {
  if (!flag_sources_.look(running(), {wall_now(), steady_now()})) return;
  observe::log_info("flags were taken from a file that changed");
  const std::vector<std::string> known = ramp_warnings();
  switches_.take_sources(flag_sources_.contents(), {"(file)", "a flag source", wall_now()}, [] {});
  say_missing_flags();
  say_ramp_warnings(known);
}

void Control::watch_files() {
  watcher_.reset();
  // reloader_.running() is still the one before while a reload is published.
  if (!switches_.snapshot().reload_watch) return;
  auto watching = net::FileWatcher::watch(loop_, directory_of(reloader_.path()), [this] {
    changes_.on_event(steady_now());
    schedule();
  });
  if (watching) {
    watcher_ = std::move(*watching);
  } else {
    observe::log_warning("the configuration is polled only: " + watching.error().detail);
  }
}

void Control::look_at_file() {
  auto bytes = read_config_file(reloader_.path());
  const std::string seen = bytes ? fingerprint(*bytes) : "unreadable: " + bytes.error();
  if (!changes_.on_look(seen, steady_now())) return;
  std::optional<std::string> content;
  if (bytes) content = std::move(*bytes);
  load(
      "file", {"(file)", "", wall_now()}, [](const Reloader::Status&) {}, std::move(content));
}

void Control::look_at_certificates() {
  if (const auto books = tls_.look(running(), steady_now())) workers_.publish(*books);
}

}  // namespace banyan::control
