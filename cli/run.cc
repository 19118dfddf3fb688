#include "cli/command.h"
#include "proxy/control/control.h"

namespace banyan::cli {

void add_run(CLI::App& app, Action& chosen) {
  struct Options {
    std::string config;
    std::string address_file;
  };
  const auto options = std::make_shared<Options>();
  CLI::App& command = add_command(
      app, "run", "Serves until SIGTERM, then drains and ends with 0.",
      {"run -c banyan.yaml", "run -c banyan.yaml --address-file /run/banyan/addresses.json"});
  command.add_option("-c,--config", options->config, "The configuration")->required();
  command.add_option("--address-file", options->address_file,
                     "Gets the bound addresses as JSON once everything is ready");
  command.callback([options, &chosen] {
    chosen = [options] { return control::run(options->config, options->address_file); };
  });
}

}  // namespace banyan::cli
