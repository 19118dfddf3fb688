// proxy/control/run_time_flags.h: the percentages that were set while running.
//
// Each outranks the configuration until it is cleared or its time is over. A file that can not be
// read means 0 % for every flag until it is set or cleared: legacy is the safe side.
// Control thread only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "proxy/control/author.h"
#include "proxy/control/state_file.h"
#include "routing/bucket.h"

namespace banyan::control {

struct RunTimeFlag {
  routing::Share share;
  Author author;
  std::optional<WallTime> expires;
};

class RunTimeFlags {
 public:
  explicit RunTimeFlags(std::string path) : file_(std::move(path)) {}

  // At start. The text says what was found wrong, if anything was.
  [[nodiscard]] std::optional<std::string> load(WallTime now);
  [[nodiscard]] std::optional<RunTimeFlag> find(std::string_view flag) const;

  // In memory; save() makes it durable.
  void set(const std::string& flag, const RunTimeFlag& value);
  void clear(const std::string& flag);
  // Takes away what has expired by `now` and names it.
  [[nodiscard]] std::vector<std::string> expire(WallTime now);
  // When something expires next.
  [[nodiscard]] std::optional<WallTime> next_expiry() const;
  [[nodiscard]] Result<void, std::string> save();
  [[nodiscard]] bool durable() const { return durable_; }

 private:
  [[nodiscard]] bool read(const nlohmann::json& document);
  [[nodiscard]] nlohmann::json document() const;

  StateFile file_;
  std::map<std::string, RunTimeFlag, std::less<>> flags_;
  std::optional<RunTimeFlag> every_other_;      // all but the cleared ones
  std::set<std::string, std::less<>> cleared_;  // counts only under `every_other_`
  bool durable_ = true;
};

}  // namespace banyan::control
