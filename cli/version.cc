#include "proxy/control/version.h"

#include "cli/command.h"

namespace banyan::cli {

void add_version(CLI::App& app, Action& chosen) {
  const auto format = std::make_shared<std::string>("text");
  CLI::App& command = add_command(app, "version", "What this build calls itself.", {"version"});
  add_format(command, *format);
  command.callback([format, &chosen] {
    chosen = [format] {
      const std::string version(control::kVersion);
      if (*format == "json") {
        print_json({{"version", version}});
      } else {
        print_text("banyan " + version + "\n");
      }
      return kDone;
    };
  });
}

}  // namespace banyan::cli
