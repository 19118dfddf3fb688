#include "cli/command.h"

namespace banyan::cli {

void add_drain(CLI::App& app, Action& chosen) {
  const auto admins = std::make_shared<Admins>();
  CLI::App& command = add_command(
      app, "drain", "Not ready any more, connections are asked to close, everything is served.",
      {"drain"});
  add_admin(command, *admins);
  command.callback([admins, &chosen] {
    chosen = [admins] {
      return ask_all(*admins, {"POST", "/v1/drain", nullptr}, [](const Reply&) {
        print_message("drains; everything is still served until SIGTERM");
        return kDone;
      });
    };
  });
}

}  // namespace banyan::cli
