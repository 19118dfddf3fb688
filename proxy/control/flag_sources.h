// proxy/control/flag_sources.h: the files of flag definitions, watched.
//
//   file -> same content twice -> parsed? -> in force, and a copy of it into state_dir
//                                   \-> no: the last good content stays
//
// At start the copy takes the place of a file that can not be used; without one nothing is known of
// its flags, and they are legacy's. Directories are watched as that of the configuration is, with
// the same debounce and poll. Control thread only.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/control/change_watch.h"
#include "proxy/control/flag_view.h"
#include "proxy/control/state_dir.h"
#include "proxy/net/file_watcher.h"
#include "proxy/net/loop.h"

namespace banyan::control {

class FlagSources {
 public:
  struct Status {
    std::string file;
    std::vector<std::string> problems;  // of the file as it is; empty: it is in force
    bool is_copy = false;               // what is in force is the copy of an earlier run
    std::optional<WallTime> good_at;    // when the file was last seen to be what is in force
    bool known = false;                 // something is in force
  };
  struct Now {
    WallTime wall;
    SteadyTime steady;
  };

  // `changed`: due() may be sooner now. `loop` may be nullptr: nothing is watched then.
  FlagSources(net::Loop* loop, const StateDir& directory, std::function<void()> changed)
      : loop_(loop), directory_(directory), changed_(std::move(changed)) {}

  // Reads the files of a configuration at once, whatever was read before.
  void load(const config::Snapshot& snapshot, Now now);
  // When to look at the files next; nothing where there are none, or none is watched.
  [[nodiscard]] std::optional<SteadyTime> due() const;
  // Looks at those that are due. True: what they say has changed.
  [[nodiscard]] bool look(const config::Snapshot& snapshot, Now now);

  // In the order of the configuration.
  [[nodiscard]] const SourceContents& contents() const { return contents_; }
  [[nodiscard]] std::vector<Status> statuses() const;
  // Seconds since `good_at`; infinite where nothing of it was ever good.
  [[nodiscard]] static double age(const Status& status, WallTime now);

 private:
  struct Source {
    config::FlagSource settings;
    Status status;
    std::string text;         // what is in force was parsed from it
    std::string fingerprint;  // of the file as it was last read
    bool is_saved = false;    // the copy in state_dir is `text`
    std::shared_ptr<const config::FlagFile> flags;
    std::optional<ChangeWatch> changes;
  };
  struct Seen {
    config::Read<std::string> text;
    std::string fingerprint;
  };

  [[nodiscard]] static Seen read(const Source& source);
  // True: other content is in force now.
  bool take(Source& source, const Seen& seen, const config::FlagNames& used, Now now);
  bool take_text(Source& source, const std::string& text, const config::FlagNames& used);
  void take_copy(Source& source, const config::FlagNames& used);
  void save_copy(Source& source, WallTime now);
  [[nodiscard]] std::string copy_path(const Source& source) const;
  void watch(const config::Snapshot& snapshot);
  void collect();

  net::Loop* const loop_;
  const StateDir& directory_;
  const std::function<void()> changed_;
  std::vector<Source> sources_;
  SourceContents contents_;
  std::vector<std::string> watched_;
  std::vector<std::unique_ptr<net::FileWatcher>> watchers_;
};

// The flags that the migrations of a configuration follow.
[[nodiscard]] config::FlagNames flags_in_use(const config::Snapshot& snapshot);

}  // namespace banyan::control
