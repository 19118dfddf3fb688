// proxy/control/audit_log.h: every change that an operator made, one JSON line each.
//
// audit.jsonl grows to kAuditFileBytesMax and is then renamed to audit.jsonl.1, which replaces the
// one before. Control thread only.
#pragma once

#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/result.h"
#include "proxy/control/author.h"

namespace banyan::control {

inline constexpr std::size_t kAuditFileBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kAuditShownMax = 1000;

struct AuditEntry {
  std::string action;  // `rollback`, `rearm`, `flag_set`, `flag_clear`, `flag_expire`,
                       // `flag_source`, `reload`, `drain`, `reset`
  std::string target;  // of a migration or a flag; may be empty
  nlohmann::json from;
  nlohmann::json to;
  Author author;
  nlohmann::json evidence = nullptr;  // of what was not done by a person
};

class AuditLog {
 public:
  explicit AuditLog(std::string path, std::size_t file_bytes_max = kAuditFileBytesMax)
      : path_(std::move(path)), file_bytes_max_(file_bytes_max) {}

  // Is told every entry, whether it could be written or not.
  using Seen = std::function<void(const AuditEntry& entry, const nlohmann::json& shown)>;
  void tell(Seen seen) { seen_ = std::move(seen); }
  // Durable when it returns; on an error the entry is lost, and the caller says so.
  [[nodiscard]] Result<void, std::string> append(const AuditEntry& entry);
  // The youngest `entries_max` of both files, oldest first. Lines that are no JSON are left out.
  [[nodiscard]] std::vector<nlohmann::json> tail(std::size_t entries_max = kAuditShownMax) const;

 private:
  const std::string path_;
  const std::size_t file_bytes_max_;
  Seen seen_;
};

}  // namespace banyan::control
