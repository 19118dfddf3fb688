#include "proxy/control/flag_sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <utility>

#include "base/stable_hash.h"
#include "config/flag_file.h"
#include "proxy/control/author.h"
#include "proxy/control/reloader.h"
#include "proxy/control/state_file.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

std::string directory_of(const std::string& file) {
  const std::string directory = std::filesystem::path(file).parent_path().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

config::FlagNames flags_in_use(const config::Snapshot& snapshot) {
  config::FlagNames names;
  for (const config::Migration& migration : snapshot.migrations) names.insert(migration.flag);
  return names;
}

double FlagSources::age(const Status& status, WallTime now) {
  if (!status.good_at) return std::numeric_limits<double>::infinity();
  return std::max(0.0, std::chrono::duration<double>(now - *status.good_at).count());
}

FlagSources::Seen FlagSources::read(const Source& source) {
  auto text = config::read_flag_file(source.settings.file);
  std::string seen = text ? fingerprint(*text) : "unreadable: " + text.error();
  return {std::move(text), std::move(seen)};
}

void FlagSources::load(const config::Snapshot& snapshot, Now now) {
  std::vector<Source> before = std::exchange(sources_, {});
  const config::FlagNames used = flags_in_use(snapshot);
  for (const config::FlagSource& settings : snapshot.flags.sources) {
    const auto known = std::find_if(before.begin(), before.end(), [&](const Source& source) {
      return source.settings.file == settings.file;
    });
    Source& source = sources_.emplace_back(known != before.end() ? std::move(*known) : Source());
    source.settings = settings;
    source.status.file = settings.file;
    const Seen seen = read(source);
    static_cast<void>(take(source, seen, used, now));
    if (!source.flags) take_copy(source, used);
    source.changes.reset();
    if (snapshot.reload_watch) {
      source.changes.emplace(snapshot.reload_debounce, snapshot.reload_poll, source.fingerprint,
                             now.steady);
    }
  }
  watch(snapshot);
  collect();
}

bool FlagSources::take(Source& source, const Seen& seen, const config::FlagNames& used, Now now) {
  source.fingerprint = seen.fingerprint;
  source.status.problems.clear();
  if (!seen.text) {
    source.status.problems.push_back(source.settings.file + ": error: " + seen.text.error());
  } else if (take_text(source, *seen.text, used)) {
    source.status.good_at = now.wall;
    source.status.is_copy = false;
    if (source.text != *seen.text) source.is_saved = false;
    source.text = *seen.text;
    if (!source.is_saved) save_copy(source, now.wall);
    return true;
  }
  for (const std::string& problem : source.status.problems) {
    observe::log_lines(observe::Level::error, problem);
  }
  observe::log_error(source.settings.file + ": these flags were not taken, those before stay");
  return false;
}

bool FlagSources::take_text(Source& source, const std::string& text,
                            const config::FlagNames& used) {
  auto parsed = config::parse_flag_file(text, used, source.settings.bucketing);
  if (!parsed) {
    for (const config::Problem& problem : parsed.error()) {
      source.status.problems.push_back(config::to_text(source.settings.file, problem));
    }
    return false;
  }
  for (const config::Problem& warning : parsed->warnings) {
    observe::log_lines(observe::Level::warning,
                       config::warning_text(source.settings.file, warning));
  }
  source.flags = std::make_shared<const config::FlagFile>(std::move(*parsed));
  return true;
}

// At start, and for a source that a reload brings.
void FlagSources::take_copy(Source& source, const config::FlagNames& used) {
  const StateFile::Loaded copy = StateFile(copy_path(source)).load();
  std::vector<std::string> problems = source.status.problems;
  if (copy.found == StateFile::Found::document) {
    const nlohmann::json content = copy.document.value("content", nlohmann::json());
    const nlohmann::json taken = copy.document.value("taken", nlohmann::json());
    if (content.is_string() && take_text(source, content.get<std::string>(), used)) {
      source.text = content.get<std::string>();
      source.is_saved = true;
      source.status.is_copy = true;
      if (taken.is_string()) source.status.good_at = wall_time_of(taken.get<std::string>());
    }
  }
  source.status.problems = std::move(problems);  // those of the file, not of its copy
  observe::log_warning(source.settings.file + (source.flags ? ": the last good copy is in force"
                                                            : ": nothing is known of its flags, "
                                                              "they are legacy's"));
}

std::string FlagSources::copy_path(const Source& source) const {
  const std::string& file = source.settings.file;
  return directory_.file(fmt::format("flag-source-{:08x}{:08x}.json", murmur3_x86_32(file, 0),
                                     murmur3_x86_32(file, 0x9747b28cU)));
}

void FlagSources::save_copy(Source& source, WallTime now) {
  const auto saved =
      StateFile(copy_path(source))
          .save(
              {{"file", source.settings.file}, {"taken", to_text(now)}, {"content", source.text}});
  source.is_saved = saved.has_value();
  if (!saved) observe::log_warning("no copy of " + source.settings.file + ": " + saved.error());
}

void FlagSources::watch(const config::Snapshot& snapshot) {
  std::vector<std::string> directories;
  if (snapshot.reload_watch && loop_ != nullptr) {
    for (const Source& source : sources_) directories.push_back(directory_of(source.settings.file));
  }
  std::sort(directories.begin(), directories.end());
  directories.erase(std::unique(directories.begin(), directories.end()), directories.end());
  if (directories == watched_) return;
  watchers_.clear();
  for (const std::string& directory : directories) {
    auto watching = net::FileWatcher::watch(*loop_, directory, [this] {
      for (Source& source : sources_) {
        if (source.changes) source.changes->on_event(std::chrono::steady_clock::now());
      }
      changed_();
    });
    if (watching) {
      watchers_.push_back(std::move(*watching));
    } else {
      observe::log_warning("flag files are polled only: " + watching.error().detail);
    }
  }
  watched_ = std::move(directories);
}

std::optional<SteadyTime> FlagSources::due() const {
  std::optional<SteadyTime> first;
  for (const Source& source : sources_) {
    if (source.changes)
      first = std::min(first.value_or(source.changes->due()), source.changes->due());
  }
  return first;
}

bool FlagSources::look(const config::Snapshot& snapshot, Now now) {
  const config::FlagNames used = flags_in_use(snapshot);
  bool has_changed = false;
  for (Source& source : sources_) {
    if (!source.changes || now.steady < source.changes->due()) continue;
    const Seen seen = read(source);
    const bool is_new = source.changes->on_look(seen.fingerprint, now.steady);
    if (is_new) {
      has_changed |= take(source, seen, used, now);
    } else if (source.status.problems.empty() && seen.fingerprint == source.fingerprint) {
      source.status.good_at = now.wall;
      if (!source.is_saved) save_copy(source, now.wall);
    }
  }
  if (has_changed) collect();
  return has_changed;
}

void FlagSources::collect() {
  contents_.clear();
  for (const Source& source : sources_) contents_.push_back({source.settings.file, source.flags});
}

std::vector<FlagSources::Status> FlagSources::statuses() const {
  std::vector<Status> all;
  for (const Source& source : sources_) {
    Status status = source.status;
    status.known = source.flags != nullptr;
    all.push_back(std::move(status));
  }
  return all;
}

}  // namespace banyan::control
