#include <fmt/format.h>
#include <pwd.h>
#include <unistd.h>

#include <array>

#include "cli/admin_client.h"
#include "cli/command.h"
#include "shadow/printable.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

constexpr const char* kDefaultAdmin = "http://127.0.0.1:9901";

// Who runs this command, for the audit log.
std::string who() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0) host[0] = '\0';
  const passwd* const user = ::getpwuid(::getuid());
  return fmt::format("{}@{}", user != nullptr ? user->pw_name : std::to_string(::getuid()),
                     host.data());
}

// What problem details say, the list of problems below it.
std::string problem_of(int status, const json& document) {
  std::string text = member(document, "detail");
  if (text.empty()) text = fmt::format("answered {}", status);
  if (document.is_object() && document.contains("problems")) {
    for (const json& problem : document["problems"]) {
      text += "\n" + (problem.is_string() ? problem.get<std::string>() : problem.dump());
    }
  }
  return text;
}

// Printable, but for its line ends.
std::string printable_lines(const std::string& text) {
  std::string out;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    out += shadow::printable(rest.substr(0, end));
    if (end == std::string_view::npos) break;
    out += '\n';
    rest.remove_prefix(end + 1);
  }
  while (out.ends_with('\n')) out.pop_back();
  return out;
}

}  // namespace

void add_admin(CLI::App& command, Admins& admins) {
  admins.urls = {kDefaultAdmin};
  command
      .add_option("--admin", admins.urls,
                  "Where the proxy listens for commands; several: all of them are asked")
      ->check(CLI::Validator(
          [](const std::string& url) {
            const auto place = admin_place_of(url);
            return place ? std::string() : place.error();
          },
          "URL", "admin"))
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->envname("BANYAN_ADMIN")
      ->capture_default_str();
  command
      .add_option("--token-file", admins.token_file,
                  "The token that the proxy asks for stands in this file")
      ->envname("BANYAN_TOKEN_FILE");
}

Reply ask(const std::string& admin, const std::string& token_file, const Request& request) {
  Reply reply;
  reply.admin = admin;
  const auto place = admin_place_of(admin);
  if (!place) {
    reply.problem = place.error();
    return reply;
  }
  AdminQuestion question{
      request.method, request.target, request.body.is_null() ? "" : request.body.dump(), who(), {}};
  if (!token_file.empty()) {
    auto token = read_token(token_file);
    if (!token) {
      reply.problem = token.error();
      return reply;
    }
    question.token = std::move(*token);
  }
  auto answer = ask_admin(*place, question);
  if (!answer) {
    reply.problem = answer.error().empty() ? "no answer" : answer.error();
    return reply;
  }
  reply.status = answer->status;
  reply.text = std::move(answer->body);
  reply.document = json::parse(reply.text, nullptr, false);
  if (reply.document.is_discarded()) reply.document = nullptr;
  if (reply.status >= 300) reply.problem = problem_of(reply.status, reply.document);
  return reply;
}

int worse(int a, int b) {
  if (a == kFailed || b == kFailed) return kFailed;
  return std::max(a, b);
}

int ask_all(const Admins& admins, const Request& request, const Tell& tell) {
  int code = kDone;
  for (const std::string& admin : admins.urls) {
    const Reply reply = ask(admin, admins.token_file, request);
    if (reply.ok()) {
      if (admins.urls.size() > 1) print_message(admin + ":");
      code = worse(code, tell(reply));
    } else {
      print_message(fmt::format("banyan: {}: {}", admin, printable_lines(reply.problem)));
      code = kFailed;
    }
  }
  return code;
}

int durability(const Reply& reply) {
  if (reply.status != 202) return kDone;
  print_message("in force, but not on disk: " +
                shadow::printable(member(reply.document, "problem")));
  return kNotDurable;
}

}  // namespace banyan::cli
