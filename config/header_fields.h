// config/header_fields.h: a mapping of field names to values.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.h"

namespace banyan::config {

inline constexpr std::size_t kHeaderValueBytesMax = 4096;

struct HeaderField {
  // Where the name stands.
  struct Place {
    std::size_t at;
    std::string path;
    Problems& problems;
    void fail(std::string message) const { problems.add(at, path, std::move(message)); }
  };
  std::string name;
  std::string value;
  Place name_at;
};

// Each name once, whatever its case; values as RFC 9110 §5.5 has them, not empty. False where
// there was a problem, which is reported.
bool read_header_fields(const Cursor& cursor, std::size_t max, std::vector<HeaderField>& out);

// 1 to kHeaderValueBytesMax bytes without control characters and without space around them.
[[nodiscard]] Read<std::string> read_header_value(std::string_view text);

[[nodiscard]] std::string lower(std::string text);
[[nodiscard]] std::string upper(std::string text);

}  // namespace banyan::config
