// config/read_file.h: small files that a configuration is or names.
#pragma once

#include <cstddef>
#include <string>

#include "config/scalar.h"

namespace banyan::config {

// At most one byte more than `bytes_max`, so that the caller sees what is too large. The error is
// for people: `can not be read: No such file or directory`.
[[nodiscard]] Read<std::string> read_file(const std::string& path, std::size_t bytes_max);

// The first line of a file, without its end: 1 to 256 printable ASCII characters.
[[nodiscard]] Read<std::string> read_secret_file(const std::string& path);
// The value of a field: the same, up to 4096 of them, with spaces inside.
[[nodiscard]] Read<std::string> read_field_file(const std::string& path);

}  // namespace banyan::config
