// proxy/control/state_file.h: one JSON document on disk that survives a kill at any moment.
//
// A save writes a second file beside it, syncs it, renames it over the first and syncs the
// directory: what is found later is the old document or the new one, whole. Control thread only.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "base/result.h"

namespace banyan::control {

inline constexpr std::size_t kStateFileBytesMax = 16 * 1024 * 1024;
// What is read is copied, by functions that call themselves for each level.
inline constexpr int kStateFileDepthMax = 64;

class StateFile {
 public:
  enum class Found : std::uint8_t { nothing, document, unreadable };
  struct Loaded {
    Found found = Found::nothing;
    nlohmann::json document;
    std::string problem;  // for unreadable
  };

  explicit StateFile(std::string path) : path_(std::move(path)) {}

  [[nodiscard]] const std::string& path() const { return path_; }
  // Unreadable: no JSON object, larger than kStateFileBytesMax, deeper than kStateFileDepthMax, or
  // the system refused.
  [[nodiscard]] Loaded load() const;
  // Durable when it returns. The error is for people; the document on disk is then the old one.
  [[nodiscard]] Result<void, std::string> save(const nlohmann::json& document) const;
  // The same, of a text as it is.
  [[nodiscard]] Result<void, std::string> save_text(const std::string& text) const;
  // For an unreadable file: `document` takes its place, and only then the bad one gets the name
  // that is returned. There is no moment without a file.
  [[nodiscard]] Result<std::string, std::string> replace_unreadable(
      const nlohmann::json& document) const;

 private:
  [[nodiscard]] Result<std::string, std::string> write_beside(const std::string& text) const;
  [[nodiscard]] Result<void, std::string> sync_directory() const;

  const std::string path_;
};

}  // namespace banyan::control
