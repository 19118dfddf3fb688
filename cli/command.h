// cli/command.h: what the subcommands share.
//
// A subcommand adds itself to the parser; when it was chosen it leaves an Action, which runs after
// everything was parsed and returns the exit code. stdout is data, stderr is messages.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace banyan::cli {

inline constexpr int kDone = 0;
inline constexpr int kFailed = 1;
inline constexpr int kUsage = 2;
inline constexpr int kHolds = 3;       // what --fail-on asked for
inline constexpr int kNotDurable = 4;  // in force, but a restart would not know

using Action = std::function<int()>;

void add_run(CLI::App& app, Action& chosen);
void add_validate(CLI::App& app, Action& chosen);
void add_route(CLI::App& app, Action& chosen);
void add_status(CLI::App& app, Action& chosen);
void add_flag(CLI::App& app, Action& chosen);
void add_rollback(CLI::App& app, Action& chosen);
void add_rearm(CLI::App& app, Action& chosen);
void add_ramp(CLI::App& app, Action& chosen);
void add_report(CLI::App& app, Action& chosen);
void add_diff(CLI::App& app, Action& chosen);
void add_drain(CLI::App& app, Action& chosen);
void add_reload(CLI::App& app, Action& chosen);
void add_version(CLI::App& app, Action& chosen);

// The parser with all of them; --help begins with examples.
[[nodiscard]] std::unique_ptr<CLI::App> make_parser(Action& chosen);
// Parses, runs, returns the exit code.
[[nodiscard]] int run_command_line(int argc, const char* const* argv);

// A subcommand whose --help begins with `examples`, each a line without `banyan `.
CLI::App& add_command(CLI::App& parent, const std::string& name, const std::string& description,
                      const std::vector<std::string>& examples);
// --format text|json
void add_format(CLI::App& command, std::string& format);

// ---- Talking to running proxies ---------------------------------------------------------------

struct Request {
  std::string method = "GET";
  std::string target;
  nlohmann::json body = nullptr;
};

// What a proxy said, or why it said nothing.
struct Reply {
  std::string admin;
  int status = 0;  // 0: no answer
  nlohmann::json document;
  std::string text;     // the body as it came
  std::string problem;  // for people; empty where all is well
  [[nodiscard]] bool ok() const { return problem.empty(); }
};

// The proxies that a command is for.
struct Admins {
  std::vector<std::string> urls;
  std::string token_file;  // empty: no token is sent
};

// --admin, any number of times, and --token-file.
void add_admin(CLI::App& command, Admins& admins);
[[nodiscard]] Reply ask(const std::string& admin, const std::string& token_file,
                        const Request& request);

// Tells one reply that is ok; returns the exit code.
using Tell = std::function<int(const Reply& reply)>;
// Asks all, tells each; a problem goes to stderr. 1 outranks 4 and 3.
[[nodiscard]] int ask_all(const Admins& admins, const Request& request, const Tell& tell);
// 4, said on stderr, where a change is in force and not on disk.
[[nodiscard]] int durability(const Reply& reply);
[[nodiscard]] int worse(int a, int b);

// ---- Printing ---------------------------------------------------------------------------------

void print_json(const nlohmann::json& document);
// Columns of the width that they need; the first row is the heading. No control characters.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);
void print_text(const std::string& text);     // to stdout
void print_message(const std::string& text);  // to stderr, with a newline
// A number without needless decimals: `5`, `12.5`.
[[nodiscard]] std::string number(const nlohmann::json& value);
// A member as text; empty where it is missing or null.
[[nodiscard]] std::string member(const nlohmann::json& object, const char* key);

}  // namespace banyan::cli
