#include "cli/command.h"

#include <gtest/gtest.h>

#include "cli/admin_client.h"

namespace banyan::cli {
namespace {

using nlohmann::json;

int parsed(const std::vector<std::string>& arguments, Action& chosen) {
  const auto app = make_parser(chosen);
  std::vector<const char*> argv{"banyan"};
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  try {
    app->parse(static_cast<int>(argv.size()), argv.data());
  } catch (const CLI::ParseError& error) {
    return error.get_exit_code() == 0 ? kDone : kUsage;
  }
  return kDone;
}

TEST(CommandLine, TakesWhatTheContractNames) {
  const std::vector<std::vector<std::string>> table = {
      {"run", "-c", "f"},
      {"run", "-c", "f", "--address-file", "g"},
      {"validate", "f", "--no-files"},
      {"route", "-c", "f", "--method", "GET", "--url", "/", "-H", "a: b", "-H", "c: d"},
      {"status", "--history", "--format", "json"},
      {"flag", "list"},
      {"flag", "get", "orders"},
      {"flag", "set", "orders", "12.345", "--reason", "r", "--ttl", "2h"},
      {"flag", "clear", "orders"},
      {"rollback", "a", "b", "--reason", "r"},
      {"rollback", "--flag", "f"},
      {"rollback", "--all"},
      {"rollback", "a", "--admin", "http://127.0.0.1:1", "--admin", "http://localhost:2/"},
      {"rearm", "a"},
      {"report", "a", "b", "--format", "json", "-o", "f", "--fail-on", "mismatch"},
      {"drain"},
      {"reload", "--admin", "http://[::1]:9901"},
      {"version", "--format", "json"},
  };
  for (const auto& arguments : table) {
    Action chosen;
    EXPECT_EQ(parsed(arguments, chosen), kDone) << testing::PrintToString(arguments);
    EXPECT_TRUE(chosen) << testing::PrintToString(arguments);
  }
}

TEST(CommandLine, RefusesWrongUsage) {
  const std::vector<std::vector<std::string>> table = {
      {},
      {"nothing"},
      {"run"},
      {"validate"},
      {"route", "-c", "f"},
      {"route", "-c", "f", "--method", "GET", "--url", "/", "-H", "no colon"},
      {"flag"},
      {"flag", "set", "orders"},
      {"flag", "set", "orders", "101"},
      {"flag", "set", "orders", "-1"},
      {"flag", "set", "orders", "1.0001"},
      {"flag", "set", "orders", "5", "--ttl", "soon"},
      {"rollback"},
      {"rollback", "a", "--all"},
      {"rollback", "--flag", "f", "--all"},
      {"rearm"},
      {"rearm", "a", "b"},
      {"report", "--format", "pdf"},
      {"report", "--fail-on", "anything"},
      {"status", "--format", "yaml"},
      {"status", "--admin", "https://127.0.0.1:1"},
      {"status", "--admin", "127.0.0.1:1"},
      {"status", "--admin", "http://example.test:port"},
      {"status", "--admin", "unix:"},
  };
  for (const auto& arguments : table) {
    Action chosen;
    EXPECT_EQ(parsed(arguments, chosen), kUsage) << testing::PrintToString(arguments);
    EXPECT_FALSE(chosen) << testing::PrintToString(arguments);
  }
}

TEST(CommandLine, EveryHelpBeginsWithExamples) {
  Action chosen;
  const auto app = make_parser(chosen);
  EXPECT_TRUE(app->help().starts_with("Examples:\n  banyan "));
  for (const CLI::App* command : app->get_subcommands([](CLI::App*) { return true; })) {
    EXPECT_TRUE(command->help().starts_with("Examples:\n  banyan " + command->get_name()))
        << command->help();
  }
}

TEST(ExitCode, OneOutranksFour) {
  EXPECT_EQ(worse(kDone, kNotDurable), kNotDurable);
  EXPECT_EQ(worse(kNotDurable, kFailed), kFailed);
  EXPECT_EQ(worse(kFailed, kNotDurable), kFailed);
  EXPECT_EQ(worse(kFailed, kHolds), kFailed);
  EXPECT_EQ(worse(kDone, kDone), kDone);
}

TEST(Table, AlignsColumnsAndShowsNoControlCharacter) {
  EXPECT_EQ(table({{"A", "LONG"}, {"long", "b"}, {"\x1b[31m", ""}}),
            "A         LONG\nlong      b\n\\x1b[31m\n");
  EXPECT_EQ(table({{"\xC3\xA4", "x"}, {"a", "y"}}), "\xC3\xA4  x\na  y\n");
}

TEST(Number, HasNoNeedlessDecimals) {
  EXPECT_EQ(number(5.0), "5");
  EXPECT_EQ(number(12.5), "12.5");
  EXPECT_EQ(number(0.001), "0.001");
  EXPECT_EQ(number(json()), "-");
}

TEST(AdminAddress, IsAnAddressOfHttp) {
  EXPECT_EQ(admin_place_of("http://127.0.0.1:9901")->port, 9901);
  EXPECT_EQ(admin_place_of("http://localhost:1/")->host, "127.0.0.1");
  EXPECT_EQ(admin_place_of("http://pod-7.shop.svc:1/")->host, "pod-7.shop.svc");
  EXPECT_EQ(admin_place_of("http://[::1]:2")->host, "::1");
  EXPECT_EQ(admin_place_of("unix:/run/banyan.sock")->socket, "/run/banyan.sock");
  for (const char* bad : {"", "http://", "http://127.0.0.1", "http://127.0.0.1:70000", "ftp://x:1",
                          "http://127.0.0.1:1/path"}) {
    EXPECT_FALSE(admin_place_of(bad)) << bad;
  }
}

TEST(AskAdmin, NobodyThereIsAnError) {
  const auto answer = ask_admin({{}, "127.0.0.1", 1}, {"GET", "/livez", "", "test", ""});
  ASSERT_FALSE(answer);
  EXPECT_FALSE(answer.error().empty());
}

TEST(EscapedSegment, LeavesOnlyWhatIsUnreserved) {
  EXPECT_EQ(escaped_segment("a-b.c_d~1"), "a-b.c_d~1");
  EXPECT_EQ(escaped_segment("a/b ?\xC3"), "a%2Fb%20%3F%C3");
}

}  // namespace
}  // namespace banyan::cli
