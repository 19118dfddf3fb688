#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "proxy/control/control.h"
#include "proxy/control/named_files.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

constexpr int kExitDone = 0;
constexpr int kExitFailed = 1;

int fail(const std::string& message) {
  fmt::print(stderr, "banyan: {}\n", message);
  return kExitFailed;
}

// A file of an earlier run would be taken for this one's.
void forget_addresses(const std::string& file) {
  std::error_code absent;
  if (!file.empty()) std::filesystem::remove(file, absent);
}

int serve(Control& control, const std::string& address_file) {
  const auto started = control.start(address_file);
  if (!started) return fail(started.error());
  control.run();
  return kExitDone;
}

}  // namespace

int run(const std::string& config_path, const std::string& address_file) {
  net::Signals::make_write_faults_errors();
  const auto bytes = read_config_file(config_path);
  if (!bytes) return fail(bytes.error());
  const config::Loaded loaded = config::load_text(*bytes);
  for (const config::Problem& problem : loaded.problems) {
    fmt::print(stderr, "{}", config::to_text(config_path, problem));
  }
  if (!loaded.snapshot) return kExitFailed;
  const std::vector<std::string> files = file_problems(config_path, loaded);
  for (const std::string& problem : files) {
    fmt::print(stderr, "{}{}", problem, problem.ends_with('\n') ? "" : "\n");
  }
  if (!files.empty()) return kExitFailed;
  auto directory = StateDir::lock(loaded.snapshot->state_dir);
  if (!directory) return fail(directory.error());
  forget_addresses(address_file);
  observe::start_logging(loaded.snapshot->log_level);
  int code = kExitFailed;
  {
    Control control(config_path, *bytes, loaded.snapshot, std::move(*directory));
    code = serve(control, address_file);
  }
  observe::stop_logging();
  return code;
}

}  // namespace banyan::control
