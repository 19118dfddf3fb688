#include "proxy/control/named_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/control/admin_access.h"

namespace banyan::control {

std::vector<std::string> file_problems(const std::string& config_path,
                                       const config::Loaded& loaded) {
  std::vector<std::string> problems;
  for (const config::NamedFile& named : loaded.files) {
    if (::access(named.file.c_str(), R_OK) == 0) continue;
    config::Problem problem = named.at;
    problem.message = named.file + ": " + std::strerror(errno);
    problems.push_back(config::to_text(config_path, problem));
  }
  if (!problems.empty() || !loaded.snapshot) return problems;
  if (const std::string& file = loaded.snapshot->admin_token_file; !file.empty()) {
    const auto tokens = Tokens::load(file);
    if (!tokens) problems = tokens.error();
  }
  return problems;
}

}  // namespace banyan::control
