// proxy/control/latches.h: which migrations are rolled back until somebody rearms them.
//
// The list on disk and who, when and why; what a decision reads is the atomic of the migration's
// slot. A file that can not be read means that everything is latched. Control thread only.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "proxy/control/author.h"
#include "proxy/control/state_file.h"

namespace banyan::control {

// What a guardrail gives as the cause of its rollbacks.
inline constexpr std::string_view kGuardrailCause = "guardrail";

struct Latch {
  std::string cause;  // `operator`, `guardrail`, `unreadable_state`
  Author author;
};

class Latches {
 public:
  explicit Latches(std::string path) : file_(std::move(path)) {}

  // At start. The text says what was found wrong, if anything was.
  [[nodiscard]] std::optional<std::string> load(WallTime now);
  // Of a migration, known or not yet known.
  [[nodiscard]] std::optional<Latch> find(std::string_view migration) const;

  // In memory; save() makes it durable. A migration that is latched already keeps its latch.
  void set(const std::string& migration, const Latch& latch);
  void take_off(const std::string& migration);
  [[nodiscard]] Result<void, std::string> save();
  // False while the last save failed: what is in force is not on disk.
  [[nodiscard]] bool durable() const { return durable_; }

 private:
  [[nodiscard]] bool read(const nlohmann::json& document);
  [[nodiscard]] nlohmann::json document() const;

  StateFile file_;
  std::map<std::string, Latch, std::less<>> latched_;
  std::optional<Latch> everything_;             // every migration but the rearmed ones
  std::set<std::string, std::less<>> rearmed_;  // counts only under `everything_`
  bool durable_ = true;
};

}  // namespace banyan::control
