#include "proxy/control/audit_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>

namespace banyan::control {
namespace {

using nlohmann::json;

json shown(const AuditEntry& entry) {
  json object = to_json(entry.author);
  object["action"] = entry.action;
  if (!entry.target.empty()) object["target"] = entry.target;
  object["from"] = entry.from;
  object["to"] = entry.to;
  if (!entry.evidence.is_null()) object["evidence"] = entry.evidence;
  return object;
}

void read_lines(const std::string& path, std::vector<json>& to) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    json entry = json::parse(line, nullptr, false);
    if (entry.is_object()) to.push_back(std::move(entry));
  }
}

// After a kill in the middle of a write the file may end without a newline.
bool ends_in_a_line(int descriptor) {
  const off_t size = ::lseek(descriptor, 0, SEEK_END);
  char last = '\n';
  return size <= 0 || ::pread(descriptor, &last, 1, size - 1) != 1 || last == '\n';
}

}  // namespace

Result<void, std::string> AuditLog::append(const AuditEntry& entry) {
  const json object = shown(entry);
  if (seen_) seen_(entry, object);
  std::string line = object.dump(-1, ' ', true, json::error_handler_t::replace) + "\n";
  std::error_code absent;
  const auto size = std::filesystem::file_size(path_, absent);
  if (!absent && size + line.size() > file_bytes_max_) {
    ::rename(path_.c_str(), (path_ + ".1").c_str());
  }
  const int descriptor = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
  if (descriptor < 0) return tl::unexpected(path_ + ": " + std::strerror(errno));
  if (!ends_in_a_line(descriptor)) line.insert(0, "\n");
  // One write, so that a reader never sees half of it.
  const bool written =
      ::write(descriptor, line.data(), line.size()) == static_cast<ssize_t>(line.size()) &&
      ::fdatasync(descriptor) == 0;
  const std::string why = std::strerror(errno);
  ::close(descriptor);
  if (!written) return tl::unexpected(path_ + ": " + why);
  return {};
}

std::vector<json> AuditLog::tail(std::size_t entries_max) const {
  std::vector<json> entries;
  read_lines(path_ + ".1", entries);
  read_lines(path_, entries);
  if (entries.size() > entries_max) {
    entries.erase(entries.begin(), entries.end() - static_cast<std::ptrdiff_t>(entries_max));
  }
  return entries;
}

}  // namespace banyan::control
