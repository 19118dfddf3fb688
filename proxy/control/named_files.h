// proxy/control/named_files.h: whether the files that a configuration names can be used.
//
// Reads them; for `run`, a reload and `validate`.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"

namespace banyan::control {

// Each as `FILE:LINE:COL: error: …`: of a file that can not be read at its place in the
// configuration, of a fault inside of it at that place.
[[nodiscard]] std::vector<std::string> file_problems(const std::string& config_path,
                                                     const config::Loaded& loaded);

}  // namespace banyan::control
