#include "cli/command.h"
#include "proxy/control/version.h"

namespace banyan::cli {
namespace {

// Examples first: they answer most questions.
class ExamplesFirst : public CLI::Formatter {
 public:
  std::string make_help(const CLI::App* app, std::string name,
                        CLI::AppFormatMode mode) const override {
    if (mode == CLI::AppFormatMode::Sub) return make_expanded(app);
    std::string help = app->get_footer() + "\n";
    help += make_description(app);
    help += make_usage(app, std::move(name));
    help += make_positionals(app);
    help += make_groups(app, mode);
    help += make_subcommands(app, mode);
    return help;
  }
};

std::string examples_text(const std::vector<std::string>& examples) {
  std::string text = "Examples:\n";
  for (const std::string& example : examples) text += "  banyan " + example + "\n";
  return text;
}

}  // namespace

CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::vector<std::string>& examples) {
  CLI::App& command = *parent.add_subcommand(name, description);
  command.footer(examples_text(examples));
  return command;
}

void add_format(CLI::App& command, std::string& format) {
  command.add_option("--format", format, "How to print")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

std::unique_ptr<CLI::App> make_parser(Action& chosen) {
  auto app = std::make_unique<CLI::App>(
      "Moves users from small services to a monolith, and back in one action.", "banyan");
  app->formatter(std::make_shared<ExamplesFirst>());
  app->footer(examples_text({"validate banyan.yaml", "run -c banyan.yaml", "status",
                             "flag set orders 5 --reason 'first users'", "report orders",
                             "rollback orders --reason 'prices are wrong'"}));
  app->set_version_flag("--version", "banyan " + std::string(control::kVersion));
  app->require_subcommand(1);
  add_run(*app, chosen);
  add_validate(*app, chosen);
  add_route(*app, chosen);
  add_status(*app, chosen);
  add_flag(*app, chosen);
  add_rollback(*app, chosen);
  add_rearm(*app, chosen);
  add_ramp(*app, chosen);
  add_report(*app, chosen);
  add_diff(*app, chosen);
  add_drain(*app, chosen);
  add_reload(*app, chosen);
  add_version(*app, chosen);
  return app;
}

int run_command_line(int argc, const char* const* argv) {
  Action chosen;
  const auto app = make_parser(chosen);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app->exit(error) == 0 ? kDone : kUsage;
  }
  return chosen ? chosen() : kUsage;
}

}  // namespace banyan::cli
