// proxy/control/named_files.h: whether the files that a configuration names can be used.
//
// Reads them; for `run`, a reload and `validate`.
#pragma once

#include <string>
#include <vector>

#include "config/load.h"
#include "proxy/control/flag_view.h"

namespace banyan::control {

// Each as `FILE:LINE:COL: error: …`: of a file that can not be read at its place in the
// configuration, of a fault inside of it at that place.
[[nodiscard]] std::vector<std::string> file_problems(const std::string& config_path,
                                                     const config::Loaded& loaded);

// What `validate` and `route` say of the flag sources of a configuration without problems; a
// running proxy takes them all the same.
struct FlagFileReport {
  std::vector<std::string> problems;  // each as `FILE:LINE:COL: error: …`
  std::vector<std::string> warnings;  // flags that nothing uses, flags that nothing has
  SourceContents contents;
};
[[nodiscard]] FlagFileReport read_flag_files(const std::string& config_path,
                                             const config::Loaded& loaded);

}  // namespace banyan::control
