#include "cli/command.h"

namespace banyan::cli {

void add_reload(CLI::App& app, Action& chosen) {
  const auto admins = std::make_shared<Admins>();
  CLI::App& command = add_command(
      app, "reload", "Loads the configuration anew; returns when all workers have it.", {"reload"});
  add_admin(command, *admins);
  command.callback([admins, &chosen] {
    chosen = [admins] {
      return ask_all(*admins, {"POST", "/v1/reload", nullptr}, [](const Reply&) {
        print_message("the configuration was taken");
        return kDone;
      });
    };
  });
}

}  // namespace banyan::cli
