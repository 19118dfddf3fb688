#include "proxy/control/named_files.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "proxy/control/admin_access.h"
#include "proxy/net/tls_store.h"

namespace banyan::control {

namespace {

// At the place of the value that is at fault; without one where it is a default.
void add_tls_problems(const std::string& config_path, const config::Loaded& loaded,
                      std::vector<std::string>& problems) {
  for (const net::TlsProblem& found : net::tls_problems(*loaded.snapshot)) {
    config::Problem problem;
    for (const config::Problem& value : loaded.tls_values) {
      if (value.path == found.key) problem = value;
    }
    problem.message = found.message;
    problems.push_back(config::to_text(config_path, problem));
  }
}

}  // namespace

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
  add_tls_problems(config_path, loaded, problems);
  return problems;
}

}  // namespace banyan::control
