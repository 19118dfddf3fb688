// Every key: what is taken, what is refused, and in which words.
#include "config/load.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::shared_ptr<const Snapshot> good(std::string_view yaml) {
  const Loaded loaded = load_text(yaml);
  EXPECT_THAT(problems_of(yaml), IsEmpty()) << yaml;
  return loaded.snapshot ? loaded.snapshot : std::make_shared<Snapshot>();
}

TEST(Load, WithoutOptionalKeysTheDefaultsOfTheSnapshotStand) {
  const auto made = good(kBase);
  const Snapshot defaults;
  EXPECT_THAT(fixed_keys_changed(*made, defaults), IsEmpty());
  EXPECT_EQ(made->log_level, "info");
  EXPECT_EQ(made->access_path, "stdout");
  EXPECT_EQ(made->limits.body_bytes, kNone);
  EXPECT_EQ(made->timeouts.response, milliseconds(30'000));
  EXPECT_EQ(made->shadow_budget, 32U << 20U);
  EXPECT_FALSE(made->default_upstream);
  EXPECT_EQ(made->upstreams[0].idle_timeout, milliseconds(4'000));
  EXPECT_TRUE(made->listeners[0].x_forwarded);
  EXPECT_FALSE(made->listeners[0].via);
}

TEST(Load, KeysOfTheProcessArrive) {
  const auto made = good(with(R"(
workers: 64
state_dir: ./state
admin: { bind: "[::1]:1" }
health: { bind: "10.0.0.1:2" }
log: { level: debug, access: { path: /tmp/a.log, format: json } }
drain: { delay: 0s, timeout: 2m }
reload: { watch: false, poll: 1s, debounce: 0ms }
timeouts: { header: 1s, idle: 2s, request: 3s, connect: 4s, response: 5s }
limits: { header_bytes: 1KiB, header_count: 2, url_bytes: 1MiB, body_bytes: 3MiB, connections: 4, pending: 5 }
default: new
shadow_budget: 1MiB
)"));
  EXPECT_EQ(made->workers, 64U);
  EXPECT_EQ(made->state_dir, "./state");
  EXPECT_EQ(made->admin, (Address{"::1", 1}));
  EXPECT_EQ(made->health, (Address{"10.0.0.1", 2}));
  EXPECT_EQ(made->log_level, "debug");
  EXPECT_EQ(made->access_path, "/tmp/a.log");
  EXPECT_EQ(made->drain_delay, milliseconds(0));
  EXPECT_EQ(made->drain_timeout, milliseconds(120'000));
  EXPECT_FALSE(made->reload_watch);
  EXPECT_EQ(made->reload_poll, milliseconds(1'000));
  EXPECT_EQ(made->reload_debounce, milliseconds(0));
  EXPECT_EQ(made->timeouts.header, milliseconds(1'000));
  EXPECT_EQ(made->timeouts.idle, milliseconds(2'000));
  EXPECT_EQ(made->timeouts.request, milliseconds(3'000));
  EXPECT_EQ(made->timeouts.connect, milliseconds(4'000));
  EXPECT_EQ(made->timeouts.response, milliseconds(5'000));
  EXPECT_EQ(made->limits.header_bytes, 1024U);
  EXPECT_EQ(made->limits.header_count, 2U);
  EXPECT_EQ(made->limits.url_bytes, 1U << 20U);
  EXPECT_EQ(made->limits.body_bytes, 3U << 20U);
  EXPECT_EQ(made->limits.connections, 4U);
  EXPECT_EQ(made->limits.pending, 5U);
  EXPECT_EQ(made->default_upstream, 1U);
  EXPECT_EQ(made->shadow_budget, 1U << 20U);
}

TEST(Load, AMigrationArrivesWithItsRoute) {
  const auto made = good(with_migration(R"(epoch: "1"
    flag: headerColor
    sticky: [{ header: X-User }, { cookie: Session }]
    sticky_missing: per_request
    shadow:
      sample: 12.5
      methods: [HEAD, GET]
      timeout: 1s
      max_in_flight: 2
      max_connections: 3
      budget: { exchange: 4KiB, migration: 5KiB }
    compare: { ignore: [$.a, "header:x-b"] }
flags: { headerColor: 5 }
)"));
  ASSERT_EQ(made->migrations.size(), 1U);
  const Migration& migration = made->migrations[0];
  EXPECT_EQ(migration.name, "orders");
  EXPECT_EQ(migration.epoch, "1");
  EXPECT_EQ(migration.flag, "headerColor");
  EXPECT_EQ(migration.legacy, 0U);
  EXPECT_EQ(migration.monolith, 1U);
  ASSERT_TRUE(migration.shadow);
  EXPECT_EQ(migration.shadow->sampling.millipercent, 12'500U);
  EXPECT_THAT(migration.shadow->sampling.methods, ElementsAre(Method::head, Method::get));
  EXPECT_EQ(migration.shadow->timeout, milliseconds(1'000));
  EXPECT_EQ(migration.shadow->max_in_flight, 2U);
  EXPECT_EQ(migration.shadow->max_connections, 3U);
  EXPECT_EQ(migration.shadow->budget_exchange, 4096U);
  EXPECT_EQ(migration.shadow->budget_migration, 5120U);
  ASSERT_EQ(migration.compare.ignore.size(), 2U);
  EXPECT_EQ(migration.compare.ignore[0].text(), "$.a");
  const Headers none;
  const routing::Route* route = made->routes.find({"any", "/orders/5", "GET", none, ""}).route;
  ASSERT_NE(route, nullptr);
  EXPECT_EQ(route->name, "orders");
  EXPECT_EQ(route->migration, 0U);
  EXPECT_EQ(route->flag, "headerColor");
  ASSERT_EQ(route->sticky.size(), 2U);
  EXPECT_EQ(route->sticky[0].kind, routing::StickySource::Kind::header);
  EXPECT_EQ(route->sticky[1].kind, routing::StickySource::Kind::cookie);
  EXPECT_EQ(route->sticky[1].name, "Session");
  EXPECT_EQ(route->sticky_missing, routing::StickyMissing::per_request);
  EXPECT_EQ(made->flags.shares.at("headerColor"), routing::Share{5'000});
}

TEST(Load, RewriteAndTheShadowsRulesAreTakenOver) {
  const auto made = good(with_migration(
      "rewrite: { monolith: { path_prefix: /api/orders/, host: \"M.internal:80\",\n"
      "      headers: { set: { X-A: b }, remove: [x-c] } }, legacy: { host: preserve } }\n"
      "    shadow: { methods: [POST], exclude: [{ method: DELETE }], direction: to_legacy,\n"
      "      after_rollback: keep, headers: { remove: [authorization] } }\n"));
  const Migration& m = made->migrations[0];
  EXPECT_FALSE(m.rewrite[0].is_needed());
  EXPECT_EQ(m.rewrite[1].path_prefix, "/api/orders");
  EXPECT_EQ(m.rewrite[1].host, "m.internal:80");
  EXPECT_EQ(m.rewrite[1].headers.set.at(0), std::pair(std::string("X-A"), std::string("b")));
  EXPECT_TRUE(m.rewrite[1].headers.drops("X-C"));
  const Headers none;
  EXPECT_TRUE(m.shadow->exclude.find({"h", "/", "DELETE", none, ""}));
  EXPECT_FALSE(m.shadow->exclude.find({"h", "/", "POST", none, ""}));
  EXPECT_FALSE(m.shadow->to_monolith);
  EXPECT_TRUE(m.shadow->to_legacy);
  EXPECT_TRUE(m.shadow->keep_after_rollback);
  EXPECT_TRUE(m.shadow->headers.drops("Authorization"));
}

TEST(Load, AChangeOfTheRewriteStartsTheCountAfresh) {
  const auto hash = [](std::string_view rewrite) {
    return good(with_migration(rewrite))->migrations[0].compare_hash;
  };
  const auto none = hash("epoch: e\n");
  EXPECT_EQ(hash("rewrite: { monolith: { host: preserve } }\n"), none);
  EXPECT_NE(hash("rewrite: { monolith: { path_prefix: /a } }\n"), none);
  EXPECT_NE(hash("rewrite: { monolith: { path_prefix: /a } }\n"),
            hash("rewrite: { legacy: { path_prefix: /a } }\n"));
}

TEST(Load, WhatIsAskedAgainDoesNotStartTheCountAfresh) {
  const auto usual = good(with_migration(""));
  EXPECT_EQ(usual->migrations[0].asking_again.control_millipercent, 500U);
  EXPECT_EQ(usual->migrations[0].asking_again.reasks_per_second, 5);
  EXPECT_EQ(usual->migrations[0].asking_again.reask_millipercent, 1'000U);
  const auto made =
      good(with_migration("compare: { control: 2, reask: { rate: 30/m, share: 0.25 } }"));
  EXPECT_EQ(made->migrations[0].asking_again.control_millipercent, 2'000U);
  EXPECT_EQ(made->migrations[0].asking_again.reasks_per_second, 0.5);
  EXPECT_EQ(made->migrations[0].asking_again.reask_millipercent, 250U);
  EXPECT_EQ(made->migrations[0].compare_hash,
            good(with_migration("compare: {}"))->migrations[0].compare_hash);
}

TEST(Load, WhoComparesDoesNotStartTheCountAfresh) {
  const auto usual = good(with_migration(""));
  EXPECT_EQ(usual->migrations[0].comparing.threads, 1U);
  EXPECT_EQ(usual->migrations[0].comparing.cpu_millipercent, 20'000U);
  const auto made = good(with_migration("compare: { threads: 16, cpu_budget: 0.5 }"));
  EXPECT_EQ(made->migrations[0].comparing.threads, 16U);
  EXPECT_EQ(made->migrations[0].comparing.cpu_millipercent, 500U);
  EXPECT_EQ(made->migrations[0].compare_hash,
            good(with_migration("compare: {}"))->migrations[0].compare_hash);
}

TEST(Load, OtherEndpointsStartTheCountAfreshWhateverTheirOrder) {
  const auto hash = [](const std::string& endpoints) {
    return good(with_migration("compare: { endpoints: [" + endpoints + "] }"))
        ->migrations[0]
        .compare_hash;
  };
  EXPECT_NE(hash("\"/a/{b}\""), hash(""));
  EXPECT_NE(hash("\"/a/{b}\""), hash("\"/a/b\""));
  EXPECT_EQ(hash("\"/a/{b}\", /a/b"), hash("/a/b, \"/a/{b}\""));
}

TEST(Load, AFlagIsCalledLikeItsMigrationUnlessGiven) {
  const auto made = good(with_migration("epoch: e\nflags: { orders: 0.001 }\n"));
  EXPECT_EQ(made->migrations[0].flag, "orders");
  EXPECT_EQ(made->flags.shares.at("orders"), routing::Share{1});
}

TEST(Load, WithoutStickyEveryRequestIsDrawnForItself) {
  using routing::StickyMissing;
  const auto of = [](std::string_view more) {
    return good(with_migration(more))->routes.routes().at(0).sticky_missing;
  };
  EXPECT_EQ(of("epoch: e"), StickyMissing::per_request);
  EXPECT_EQ(of("sticky: []"), StickyMissing::per_request);
  EXPECT_EQ(of("sticky: [{ header: a }]"), StickyMissing::legacy);
  EXPECT_EQ(of("sticky_missing: legacy"), StickyMissing::legacy);
}

TEST(Load, AShadowIsOffUnlessGivenAndOnWithDefaultsWhereEmpty) {
  EXPECT_FALSE(good(with_migration("epoch: e"))->migrations[0].shadow);
  EXPECT_FALSE(good(with_migration("shadow: off"))->migrations[0].shadow);
  const auto made = good(with_migration("shadow: {}"));
  ASSERT_TRUE(made->migrations[0].shadow);
  EXPECT_EQ(made->migrations[0].shadow->sampling.millipercent, 100'000U);
  EXPECT_EQ(made->migrations[0].shadow->sampling.methods.size(), 3U);
}

TEST(Load, AGuardrailIsOnUnlessItIsOff) {
  using routing::guard::Settings;
  EXPECT_EQ(good(with_migration("epoch: e"))->migrations[0].guardrail, Settings{});
  EXPECT_EQ(good(with_migration("guardrail: {}"))->migrations[0].guardrail, Settings{});
  EXPECT_FALSE(good(with_migration("guardrail: off"))->migrations[0].guardrail);
  const auto made = good(with_migration(
      "guardrail: { window: 5s, min_requests: 7, max_error_rate_increase: 0.25, max_p99_ratio: 2,"
      " max_mismatch_rate: 100, mismatch_direction: to_legacy, on_trip: migration }"));
  EXPECT_EQ(made->migrations[0].guardrail,
            (Settings{milliseconds(5'000), 7, routing::Share{250}, 2'000, routing::Share{100'000},
                      Arm::legacy, routing::guard::OnTrip::migration}));
}

TEST(Load, EveryKeyOfAGuardrailIsChecked) {
  for (const char* wrong :
       {"on", "{ window: 999ms }", "{ min_requests: 0 }", "{ max_error_rate_increase: 101 }",
        "{ max_p99_ratio: 0.9 }", "{ max_p99_ratio: 101 }", "{ max_p99_ratio: fast }",
        "{ max_mismatch_rate: 0 }", "{ mismatch_direction: both }", "{ on_trip: all }",
        "{ windows: 5s }"}) {
    EXPECT_THAT(problems_of(with_migration(std::string("guardrail: ") + wrong)), SizeIs(1))
        << wrong;
  }
}

TEST(Load, AnAccessLogCanBeOff) {
  EXPECT_EQ(good(with("log: { access: off }"))->access_path, "");
  EXPECT_EQ(good(with("log: { access: {} }"))->access_path, "stdout");
}

struct Case {
  std::string yaml;
  std::string problem;
};

void expect_problems(const std::vector<Case>& cases, std::string (*in)(std::string_view)) {
  for (const Case& c : cases) {
    EXPECT_THAT(problems_of(in(c.yaml)), ElementsAre(c.problem)) << c.yaml;
  }
}

TEST(Load, EveryKeyOfTheProcessRefusesAnotherType) {
  const std::string duration = ": expected a duration such as 250ms, 5s, 2m or 1h, found ";
  const std::string bytes = ": expected a size such as 512B, 64KiB, 8MiB or 1GiB, found ";
  const std::string address = ": expected IP:PORT, [IPv6]:PORT or localhost:PORT, found ";
  expect_problems(
      {
          {"workers: auto", "6:10 workers: expected a whole number, found \"auto\""},
          {"workers: \"2\"", "6:10 workers: expected a whole number, found \"2\""},
          {"workers: 1.5", "6:10 workers: expected a whole number, found the number 1.5"},
          {"workers:", "6:1 workers: expected a whole number, found nothing"},
          {"workers: [1]", "6:10 workers: expected a whole number, found a list"},
          {"state_dir: 5", "6:12 state_dir: expected text, found the number 5: put it in quotes"},
          {"state_dir: ~", "6:12 state_dir: expected text, found nothing"},
          {"admin: 1", "6:8 admin: expected a mapping, found the number 1"},
          {"admin: { bind: 9901 }", "6:16 admin.bind" + address + "the number 9901"},
          {"health: [a]", "6:9 health: expected a mapping, found a list"},
          {"health: { bind: {} }", "6:17 health.bind" + address + "a mapping"},
          {"log: info", "6:6 log: expected a mapping, found \"info\""},
          {"log: { level: 1 }",
           "6:15 log.level: expected one of trace, debug, info, warning, error, found the number "
           "1"},
          {"log: { access: false }",
           "6:16 log.access: expected off or a mapping, found the boolean false"},
          {"log: { access: { path: true } }",
           "6:24 log.access.path: expected text, found the boolean true: put it in quotes"},
          {"log: { access: { format: [] } }",
           "6:26 log.access.format: expected one of json, found a list"},
          {"drain: 5s", "6:8 drain: expected a mapping, found \"5s\""},
          {"drain: { delay: 5 }", "6:17 drain.delay" + duration + "the number 5"},
          {"drain: { timeout: [] }", "6:19 drain.timeout" + duration + "a list"},
          {"reload: { watch: \"true\" }",
           "6:18 reload.watch: expected true or false, found \"true\""},
          {"reload: { poll: off }", "6:17 reload.poll" + duration + "\"off\""},
          {"reload: { debounce: {} }", "6:21 reload.debounce" + duration + "a mapping"},
          {"timeouts: []", "6:11 timeouts: expected a mapping, found a list"},
          {"timeouts: { header: 1 }", "6:21 timeouts.header" + duration + "the number 1"},
          {"timeouts: { idle: -1s }", "6:19 timeouts.idle" + duration + "\"-1s\""},
          {"timeouts: { request: ~ }", "6:22 timeouts.request" + duration + "nothing"},
          {"timeouts: { connect: 1.5s }", "6:22 timeouts.connect" + duration + "\"1.5s\""},
          {"timeouts: { response: true }",
           "6:23 timeouts.response" + duration + "the boolean true"},
          {"limits: x", "6:9 limits: expected a mapping, found \"x\""},
          {"limits: { header_bytes: 65536 }",
           "6:25 limits.header_bytes" + bytes + "the number 65536"},
          {"limits: { header_count: 64KiB }",
           "6:25 limits.header_count: expected a whole number, found \"64KiB\""},
          {"limits: { url_bytes: 8KB }", "6:22 limits.url_bytes" + bytes + "\"8KB\""},
          {"limits: { body_bytes: 5 }",
           "6:23 limits.body_bytes: expected none or a size such as 512B, 64KiB, 8MiB or 1GiB, "
           "found the number 5"},
          {"limits: { connections: none }",
           "6:24 limits.connections: expected a whole number, found \"none\""},
          {"limits: { pending: 1e3 }",
           "6:20 limits.pending: expected a whole number, found the number 1e3"},
          {"default: 5", "6:10 default: expected text, found the number 5: put it in quotes"},
          {"migrations: {}", "6:13 migrations: expected a list, found a mapping"},
          {"migrations: [a]", "6:14 migrations[0]: expected a mapping, found \"a\""},
          {"flags: []", "6:8 flags: expected a mapping, found a list"},
          {"shadow_budget: 1", "6:16 shadow_budget" + bytes + "the number 1"},
      },
      with);
}

TEST(Load, EveryNumberOfTheProcessHasARange) {
  expect_problems(
      {
          {"workers: 0", "6:10 workers: must be from 1 to 64"},
          {"workers: 65", "6:10 workers: must be from 1 to 64"},
          {"workers: -1", "6:10 workers: must be from 1 to 64"},
          {"workers: 99999999999999999999", "6:10 workers: must be from 1 to 64"},
          {"drain: { delay: 3601s }", "6:17 drain.delay: must be from 0ms to 1h"},
          {"drain: { timeout: 25h }", "6:19 drain.timeout: must be from 1ms to 1d"},
          {"reload: { poll: 99ms }", "6:17 reload.poll: must be from 100ms to 1d"},
          {"reload: { debounce: 2m }", "6:21 reload.debounce: must be from 0ms to 1m"},
          {"timeouts: { header: 0s }", "6:21 timeouts.header: must be from 1ms to 1h"},
          {"timeouts: { idle: 25h }", "6:19 timeouts.idle: must be from 1ms to 1d"},
          {"timeouts: { request: 2h }", "6:22 timeouts.request: must be from 1ms to 1h"},
          {"timeouts: { connect: 0ms }", "6:22 timeouts.connect: must be from 1ms to 1h"},
          {"timeouts: { response: 99999999999999999999h }",
           "6:23 timeouts.response: must be from 1ms to 1d"},
          {"limits: { header_bytes: 1B }", "6:25 limits.header_bytes: must be from 1KiB to 1MiB"},
          {"limits: { header_count: 0 }", "6:25 limits.header_count: must be from 1 to 10000"},
          {"limits: { url_bytes: 2MiB }", "6:22 limits.url_bytes: must be from 256B to 1MiB"},
          {"limits: { body_bytes: 0B }", "6:23 limits.body_bytes: must be from 1B to 1TiB"},
          {"limits: { connections: 1000001 }",
           "6:24 limits.connections: must be from 1 to 1000000"},
          {"limits: { pending: 0 }", "6:20 limits.pending: must be from 1 to 1000000"},
          {"shadow_budget: 65GiB", "6:16 shadow_budget: must be from 1KiB to 64GiB"},
          {"state_dir: \"\"",
           "6:12 state_dir: \"\": not a path: 1 to 4095 bytes without control characters"},
          {"log: { level: warn }",
           "6:15 log.level: expected one of trace, debug, info, warning, error, found \"warn\" "
           "(did you mean \"warning\"?)"},
          {"log: { access: { format: text } }",
           "6:26 log.access.format: expected one of json, found \"text\""},
          {"admin: { bind: \"0.0.0.0:9901\" }",
           "6:16 admin.bind: \"0.0.0.0:9901\" is not a loopback address: whoever reaches it could "
           "move traffic, so admin.token_file is needed"},
          {"admin: { bind: \"unix:\" }",
           "6:16 admin.bind: \"unix:\": behind unix: stands a path of 1 to 100 bytes without "
           "control "
           "characters"},
          {"admin: { token_file: \"\" }",
           "6:22 admin.token_file: \"\": not a path: 1 to 4095 bytes without control characters"},
          {"admin: { allowed_hosts: [\"a:1\"] }",
           "6:26 admin.allowed_hosts[0]: \"a:1\": a host is given without a port"},
          {"store: { max_size: 1KiB }", "6:20 store.max_size: must be from 1MiB to 1TiB"},
          {"store: { max_age: 1m }", "6:19 store.max_age: must be from 1h to 3650d"},
          {"store: { redact: { headers: [\"a b\"] } }",
           "6:30 store.redact.headers[0]: \"a b\": must be 1 to 253 letters, digits or any of "
           "!#$%&'*+-.^_`|~"},
          {"store: { redact: { patterns: [\"a*\"] } }",
           "6:31 store.redact.patterns[0]: \"a*\": matches the empty text"},
          {"store: { redact: { patterns: [\"(a\"] } }",
           "6:31 store.redact.patterns[0]: \"(a\": missing ): (a"},
          {"store: { redact: { patterns: [5] } }",
           "6:31 store.redact.patterns[0]: expected text, found the number 5: put it in quotes"},
          {"store: { values: some }",
           "6:18 store.values: expected one of full, shape, found \"some\""},
          {"store: { values: shape, bodies: true }",
           "6:33 store.bodies: whole bodies are values, and store.values is \"shape\""},
          {"store: { bodies: perhaps }",
           "6:18 store.bodies: expected true or false, found \"perhaps\""},
          {"health: { bind: \"pod:9902\" }",
           "6:17 health.bind: \"pod:9902\": a host name: only IP literals and localhost work "
           "here"},
      },
      with);
}

TEST(Load, ListenersAndUpstreamsAreChecked) {
  expect_problems(
      {
          {"", "1:1 empty: at least one listener is needed"},
          {"upstreams: {}", "1:1 listeners: missing, but required"},
          {"listeners: []", "1:12 listeners: must not be empty"},
          {"listeners: {}", "1:12 listeners: expected a list, found a mapping"},
          {"listeners: [{ bind: \"[::1]:0\" }]", "1:13 listeners[0].name: missing, but required"},
          {"listeners: [{ name: a }]", "1:13 listeners[0].bind: missing, but required"},
          {"listeners: [{ name: A, bind: \"[::1]:0\" }]",
           "1:21 listeners[0].name: \"A\": not a name: 1 to 63 of a-z 0-9 . _ -, the first a "
           "letter "
           "or a digit"},
          {"listeners: [{ name: a, bind: \":80\" }]",
           "1:30 listeners[0].bind: \":80\": expected IP:PORT, [IPv6]:PORT or localhost:PORT"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", proxy_protocol: on }]",
           "1:57 listeners[0].proxy_protocol: expected one of off, required, found \"on\""},
          {"listeners: [{ name: a, bind: \"[::1]:0\", proxy_protocol: required }]",
           "1:57 listeners[0].proxy_protocol: nobody's header would be believed: trusted_proxies "
           "is needed"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", socket_mode: 0660 }]",
           "1:54 listeners[0].socket_mode: has no meaning without a unix socket"},
          {"listeners: [{ name: a, bind: \"unix:/s\", socket_mode: 660 }, "
           "{ name: b, bind: \"unix:/s\" }]",
           "1:78 listeners[1].bind: unix:/s is taken by listeners[0].bind (unix:/s)"},
          {"listeners: [{ name: a, bind: \"unix:/s\" }]\nadmin: { bind: \"unix:/s\" }",
           "1:30 listeners[0].bind: unix:/s is taken by admin.bind (unix:/s)"},
          {"listeners: [{ name: a, bind: \"unix:\" }]",
           "1:30 listeners[0].bind: \"unix:\": behind unix: stands a path of 1 to 100 bytes "
           "without control characters"},
          {"listeners: [{ name: a, bind: \"unix:/s\", socket_mode: 0680 }]",
           "1:54 listeners[0].socket_mode: expected a file mode such as 0660, found the number "
           "0680"},
          {"listeners: [{ name: a, bind: \"unix:/s\", socket_mode: \"1777\" }]",
           "1:54 listeners[0].socket_mode: expected a file mode such as 0660, found \"1777\""},
          {"listeners: [{ name: a, bind: \"[::1]:0\", forwarded: { via: 1 } }]",
           "1:59 listeners[0].forwarded.via: expected true or false, found the number 1"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", forwarded: { x_forwarded: no } }]",
           "1:67 listeners[0].forwarded.x_forwarded: expected true or false, found \"no\""},
          {"listeners: [{ name: a, bind: \"[::1]:0\", trusted_proxies: \"10.0.0.0/8\" }]",
           "1:58 listeners[0].trusted_proxies: expected a list, found \"10.0.0.0/8\""},
          {"listeners: [{ name: a, bind: \"[::1]:0\", trusted_proxies: [10] }]",
           "1:59 listeners[0].trusted_proxies[0]: expected an IP address or a network such as "
           "10.0.0.0/8, found the number 10"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", trusted_proxies: [\"::/0\", \"10.0.0.1/8\"] "
           "}]",
           "1:67 listeners[0].trusted_proxies[1]: \"10.0.0.1/8\": bits are set behind the "
           "network's: write its first address, or no / for one"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", trusted_proxies: [\"10.0.0.0/33\"] }]",
           "1:59 listeners[0].trusted_proxies[0]: \"10.0.0.0/33\": behind the / stands the number "
           "of bits: 0 to 32, of an IPv6 network 0 to 128"},
          {"listeners: [{ name: a, bind: \"[::1]:0\", trusted_proxies: [\"ingress\"] }]",
           "1:59 listeners[0].trusted_proxies[0]: \"ingress\": expected an IP address or a network "
           "such as 10.0.0.0/8 or 2001:db8::/32"},
          {"listeners: [{ name: a, bind: \"[::1]:0\" }, { name: a, bind: \"[::1]:0\" }]",
           "1:51 listeners[1].name: \"a\" is taken by listeners[0].name"},
          {"listeners: [{ name: a, bind: \"[::1]:5\" }, { name: b, bind: \"[::]:5\" }]",
           "1:60 listeners[1].bind: [::]:5 is taken by listeners[0].bind ([::1]:5)"},
          {"listeners: [{ name: a, bind: \"127.0.0.1:9901\" }]",
           "1:30 listeners[0].bind: 127.0.0.1:9901 is taken by admin.bind (127.0.0.1:9901, its "
           "default)"},
          {"listeners: [{ name: a, bind: \"[::1]:0\" }]\nadmin: { bind: \"127.0.0.1:9902\" }",
           "2:16 admin.bind: 127.0.0.1:9902 is taken by health.bind (0.0.0.0:9902, its default)"},
      },
      [](std::string_view yaml) { return std::string(yaml); });
  const auto in_upstream = [](std::string_view yaml) {
    return "listeners: [{ name: a, bind: \"[::1]:0\" }]\nupstreams:\n  " + std::string(yaml);
  };
  expect_problems(
      {
          {"u: {}", "3:6 upstreams.u.endpoints: missing, but required"},
          {"u: [a]", "3:6 upstreams.u: expected a mapping, found a list"},
          {"u: { endpoints: [] }", "3:19 upstreams.u.endpoints: must not be empty"},
          {"u: { endpoints: \"127.0.0.1:1\" }",
           "3:19 upstreams.u.endpoints: expected a list, found \"127.0.0.1:1\""},
          {"u: { endpoints: [5] }",
           "3:20 upstreams.u.endpoints[0]: expected IP:PORT, [IPv6]:PORT or HOST:PORT, found "
           "the number 5"},
          {"u: { endpoints: [\"127.0.0.1:0\"] }",
           "3:20 upstreams.u.endpoints[0]: a port must be from 1 to 65535"},
          {"u: { endpoints: [\"db..internal:80\"] }",
           "3:20 upstreams.u.endpoints[0]: \"db..internal:80\": not a host: an IP address, "
           "localhost or a name in DNS"},
          {"u: { endpoints: [\"db:80\", \"DB:80\"] }",
           "3:29 upstreams.u.endpoints[1]: db:80 is there twice"},
          {"u: { endpoints: [\"127.0.0.1:1\", \"localhost:1\"] }",
           "3:35 upstreams.u.endpoints[1]: 127.0.0.1:1 is there twice"},
          {"u: { endpoints: [\"127.0.0.1:1\"], protocol: htp2 }",
           "3:46 upstreams.u.protocol: expected one of http1, http2, found \"htp2\" (did you mean "
           "\"http2\"?)"},
          {"u: { endpoints: [\"127.0.0.1:1\"], protocol: 2 }",
           "3:46 upstreams.u.protocol: expected one of http1, http2, found the number 2"},
          {"u: { endpoints: [\"127.0.0.1:1\"], idle_timeout: 2h }",
           "3:50 upstreams.u.idle_timeout: must be from 1ms to 1h"},
          {"u: { endpoints: [\"127.0.0.1:1\"], idle_timeout: 5 }",
           "3:50 upstreams.u.idle_timeout: expected a duration such as 250ms, 5s, 2m or 1h, found "
           "the number 5"},
          {"u: { endpoints: [\"127.0.0.1:1\"], max_connection_age: 0s }",
           "3:56 upstreams.u.max_connection_age: must be from 1ms to 1d"},
          {"u: { endpoints: [\"127.0.0.1:1\"], max_requests_per_connection: 0 }",
           "3:65 upstreams.u.max_requests_per_connection: must be from 1 to 1000000000"},
          {"u: { endpoints: [\"127.0.0.1:1\"], max_requests_per_connection: 1.5 }",
           "3:65 upstreams.u.max_requests_per_connection: expected a whole number, found the "
           "number 1.5"},
          {"u: { endpoints: [\"127.0.0.1:1\"], unhealthy_after: 1001 }",
           "3:53 upstreams.u.unhealthy_after: must be from 1 to 1000"},
          {"u: { endpoints: [\"127.0.0.1:1\"], retry_after: 0ms }",
           "3:49 upstreams.u.retry_after: must be from 1ms to 1h"},
          {"u: { endpoints: [\"127.0.0.1:1\"], retry_after_max: 500ms }",
           "3:53 upstreams.u.retry_after_max: 500ms is below retry_after (1s)"},
          {"u: { endpoints: [\"127.0.0.1:1\"], retry_after_max: 5s, retry_after: 6s }",
           "3:53 upstreams.u.retry_after_max: 5s is below retry_after (6s)"},
          {"u: { endpoints: [\"127.0.0.1:1\"], retry_after: 31s }",
           "3:49 upstreams.u.retry_after: 31s is above retry_after_max (30s)"},
          {"u: { endpoints: [\"127.0.0.1:1\"], timeouts: { header: 1s } }",
           "3:48 upstreams.u.timeouts.header: unknown key"},
          {"u: { endpoints: [\"127.0.0.1:1\"], timeouts: { connect: 2h } }",
           "3:57 upstreams.u.timeouts.connect: must be from 1ms to 1h"},
          {"U: { endpoints: [\"127.0.0.1:1\"] }",
           "3:3 upstreams.U: not a name: 1 to 63 of a-z 0-9 . _ -, the first a letter or a digit"},
          {"u: { endpoints: [\"127.0.0.1:1\"] }\n  u: { endpoints: [\"127.0.0.1:2\"] }",
           "4:3 upstreams.u: duplicate key (first in line 3)"},
      },
      in_upstream);
}

TEST(Load, EveryKeyOfAMigrationIsChecked) {
  expect_problems(
      {
          {"epoch: 1",
           "11:12 migrations[0].epoch: expected text, found the number 1: put it in quotes"},
          {"epoch: \"\"",
           "11:12 migrations[0].epoch: \"\": must be 1 to 128 printable ASCII characters"},
          {"flag: true",
           "11:11 migrations[0].flag: expected text, found the boolean true: put it in quotes"},
          {"flag: \"a\\tb\"",
           "11:11 migrations[0].flag: \"a\\x09b\": must be 1 to 128 printable ASCII characters"},
          {"sticky: a", "11:13 migrations[0].sticky: expected a list, found \"a\""},
          {"sticky: [{}]",
           "11:14 migrations[0].sticky[0]: needs exactly one of header, cookie, query, client_ip, "
           "jwt_claim and issue_cookie"},
          {"sticky: [{ header: a, cookie: b }]",
           "11:14 migrations[0].sticky[0]: needs exactly one of header, cookie, query, client_ip, "
           "jwt_claim and issue_cookie"},
          {"sticky: [{ header: 5 }]",
           "11:24 migrations[0].sticky[0].header: expected text, found the number 5: put it in "
           "quotes"},
          {"sticky: [{ cookie: \"a b\" }]",
           "11:24 migrations[0].sticky[0].cookie: \"a b\": must be 1 to 253 letters, digits or any "
           "of !#$%&'*+-.^_`|~"},
          {"sticky: [{ query: \"\" }]",
           "11:23 migrations[0].sticky[0].query: \"\": must be 1 to 128 printable ASCII "
           "characters"},
          {"sticky: [{ client_ip: false }]",
           "11:27 migrations[0].sticky[0].client_ip: can only be true"},
          {"sticky: [{ client_ip: { ipv4_bits: 33 } }]",
           "11:40 migrations[0].sticky[0].client_ip.ipv4_bits: must be from 1 to 32"},
          {"sticky: [{ jwt_claim: 5 }]",
           "11:27 migrations[0].sticky[0].jwt_claim: expected text, found the number 5: put it in "
           "quotes"},
          {"sticky: [{ issue_cookie: {} }]",
           "11:30 migrations[0].sticky[0].issue_cookie.name: missing, but required"},
          {"sticky: [{ issue_cookie: { name: a, same_site: none, secure: false } }]",
           "11:30 migrations[0].sticky[0].issue_cookie: same_site: none needs secure: true, "
           "browsers "
           "drop the cookie else"},
          {"sticky: [{ issue_cookie: { name: a, path: \"/;x\" } }]",
           "11:47 migrations[0].sticky[0].issue_cookie.path: \"/;x\": not the path of a cookie, "
           "such "
           "as /shop"},
          {"sticky: [{ issue_cookie: { name: a } }, { issue_cookie: { name: b } }]",
           "11:45 migrations[0].sticky[1]: a second issue_cookie: one is enough to know a user "
           "again"},
          {"sticky_missing: monolith",
           "11:21 migrations[0].sticky_missing: expected one of legacy, per_request, found "
           "\"monolith\""},
          {"shadow: on", "11:13 migrations[0].shadow: expected off or a mapping, found \"on\""},
          {"shadow:", "11:5 migrations[0].shadow: expected off or a mapping, found nothing"},
          {"shadow: { sampel: 5 }",
           "11:15 migrations[0].shadow.sampel: unknown key (did you mean \"sample\"?)"},
          {"shadow: { sample: 5% }",
           "11:23 migrations[0].shadow.sample: expected a percentage from 0 to 100, without a sign "
           "or quotes, found \"5%\""},
          {"shadow: { sample: 101 }",
           "11:23 migrations[0].shadow.sample: a percentage must be from 0 to 100"},
          {"shadow: { sample: 0.0001 }",
           "11:23 migrations[0].shadow.sample: a percentage has at most three decimals"},
          {"shadow: { methods: GET }",
           "11:24 migrations[0].shadow.methods: expected a list, found \"GET\""},
          {"shadow: { methods: [] }", "11:24 migrations[0].shadow.methods: must not be empty"},
          {"shadow: { methods: [GET, TRACE] }",
           "11:30 migrations[0].shadow.methods[1]: \"TRACE\" can not be shadowed: only GET, HEAD, "
           "OPTIONS, POST, PUT, PATCH and DELETE"},
          {"shadow: { methods: [get] }",
           "11:25 migrations[0].shadow.methods[0]: \"get\" can not be shadowed: only GET, HEAD, "
           "OPTIONS, POST, PUT, PATCH and DELETE"},
          {"shadow: { direction: up }",
           "11:26 migrations[0].shadow.direction: expected one of to_monolith, to_legacy, both, "
           "found \"up\""},
          {"shadow: { after_rollback: go }",
           "11:31 migrations[0].shadow.after_rollback: expected one of stop, keep, found \"go\""},
          {"shadow: { exclude: [{ path_prefix: a }] }",
           "11:40 migrations[0].shadow.exclude[0].path_prefix: \"a\": a path begins with /"},
          {"shadow: { exclude: [{ listener: x }] }",
           "11:37 migrations[0].shadow.exclude[0].listener: unknown listener \"x\""},
          {"shadow: { headers: { set: { Baggage: a=b } } }",
           "11:33 migrations[0].shadow.headers.set.Baggage: marks the requests that Banyan makes"},
          {"shadow: { grpc_methods: Get }",
           "11:29 migrations[0].shadow.grpc_methods: expected a list, found \"Get\""},
          {"shadow: { grpc_methods: [Get] }",
           "11:30 migrations[0].shadow.grpc_methods[0]: \"Get\": not the name of a gRPC method "
           "with "
           "its service, such as shop.Orders/Get"},
          {"shadow: { grpc_methods: [/shop.Orders/Get] }",
           "11:30 migrations[0].shadow.grpc_methods[0]: \"/shop.Orders/Get\": not the name of a "
           "gRPC "
           "method with its service, such as shop.Orders/Get"},
          {"shadow: { grpc_methods: [a.B/C/D] }",
           "11:30 migrations[0].shadow.grpc_methods[0]: \"a.B/C/D\": not the name of a gRPC method "
           "with its service, such as shop.Orders/Get"},
          {"shadow: { grpc_methods: [a.B/C] }",
           "11:30 migrations[0].shadow.grpc_methods[0]: needs upstreams with protocol: http2, "
           "which "
           "\"old\" has not"},
          {"rewrite: { monolith: { path_prefix: api } }",
           "11:41 migrations[0].rewrite.monolith.path_prefix: \"api\": a path begins with /"},
          {"rewrite: { monolith: { host: \"a:0\" } }",
           "11:34 migrations[0].rewrite.monolith.host: \"a:0\": a port must be from 1 to 65535"},
          {"rewrite: { monolith: { headers: { set: { Content-Length: a } } } }",
           "11:46 migrations[0].rewrite.monolith.headers.set.Content-Length: belongs to the "
           "framing "
           "of the message"},
          {"rewrite: { legacy: { headers: { remove: [Upgrade] } } }",
           "11:46 migrations[0].rewrite.legacy.headers.remove[0]: belongs to one connection (RFC "
           "9110 \u00a77.6.1)"},
          {"rewrite: { legacy: { headers: { set: { host: a } } } }",
           "11:44 migrations[0].rewrite.legacy.headers.set.host: is what rewrite calls host"},
          {"rewrite: { shadow: {} }", "11:16 migrations[0].rewrite.shadow: unknown key"},
          {"shadow: { methods: [GET, GET] }",
           "11:30 migrations[0].shadow.methods[1]: GET is there twice"},
          {"shadow: { methods: [5] }",
           "11:25 migrations[0].shadow.methods[0]: expected a method, found the number 5"},
          {"shadow: { timeout: 11m }",
           "11:24 migrations[0].shadow.timeout: must be from 1ms to 10m"},
          {"shadow: { timeout: 5 }",
           "11:24 migrations[0].shadow.timeout: expected a duration such as 250ms, 5s, 2m or 1h, "
           "found the number 5"},
          {"shadow: { max_in_flight: 0 }",
           "11:30 migrations[0].shadow.max_in_flight: must be from 1 to 100000"},
          {"shadow: { max_in_flight: x }",
           "11:30 migrations[0].shadow.max_in_flight: expected a whole number, found \"x\""},
          {"shadow: { max_connections: 10001 }",
           "11:32 migrations[0].shadow.max_connections: must be from 1 to 10000"},
          {"shadow: { max_connections: \"5\" }",
           "11:32 migrations[0].shadow.max_connections: expected a whole number, found \"5\""},
          {"shadow: { budget: 1KiB }",
           "11:23 migrations[0].shadow.budget: expected a mapping, found \"1KiB\""},
          {"shadow: { budget: { exchange: 65MiB, migration: 100MiB } }",
           "11:35 migrations[0].shadow.budget.exchange: must be from 1KiB to 64MiB"},
          {"shadow: { budget: { exchange: 5 } }",
           "11:35 migrations[0].shadow.budget.exchange: expected a size such as 512B, 64KiB, 8MiB "
           "or 1GiB, found the number 5"},
          {"shadow: { budget: { migration: 17GiB } }",
           "11:36 migrations[0].shadow.budget.migration: must be from 1KiB to 16GiB"},
          {"shadow: { budget: { migration: [] } }",
           "11:36 migrations[0].shadow.budget.migration: expected a size such as 512B, 64KiB, 8MiB "
           "or 1GiB, found a list"},
          {"shadow: { budget: { migration: 128KiB } }",
           "11:23 migrations[0].shadow.budget: exchange (256KiB) must not be larger than migration "
           "(128KiB)"},
          {"compare: off", "11:14 migrations[0].compare: expected a mapping, found \"off\""},
          {"compare: { ignore: $.a }",
           "11:24 migrations[0].compare.ignore: expected a list, found \"$.a\""},
          {"compare: { ignore: [5] }",
           "11:25 migrations[0].compare.ignore[0]: expected text, found the number 5: put it in "
           "quotes"},
          {"compare: { control: 101 }",
           "11:25 migrations[0].compare.control: a percentage must be from 0 to 100"},
          {"compare: { reask: 5/s }",
           "11:23 migrations[0].compare.reask: expected a mapping, found \"5/s\""},
          {"compare: { reask: { rate: 5 } }",
           "11:31 migrations[0].compare.reask.rate: expected a rate such as 5/s, found the number "
           "5"},
          {"compare: { reask: { rate: 5/d } }",
           "11:31 migrations[0].compare.reask.rate: expected a rate such as 5/s, 30/m or 100/h"},
          {"compare: { reask: { rate: 1001/s } }",
           "11:31 migrations[0].compare.reask.rate: must be at most 1000/s"},
          {"compare: { reask: { share: 100.5 } }",
           "11:32 migrations[0].compare.reask.share: a percentage must be from 0 to 100"},
          {"compare: { threads: 0 }", "11:25 migrations[0].compare.threads: must be from 1 to 16"},
          {"compare: { threads: 17 }", "11:25 migrations[0].compare.threads: must be from 1 to 16"},
          {"compare: { cpu_budget: 101 }",
           "11:28 migrations[0].compare.cpu_budget: a percentage must be from 0 to 100"},
          {"compare: { endpoints: /a }",
           "11:27 migrations[0].compare.endpoints: expected a list, found \"/a\""},
          {"compare: { endpoints: [a] }",
           "11:28 migrations[0].compare.endpoints[0]: \"a\": must begin with /"},
          {"compare: { endpoints: [\"/{a}\", \"/{b}\"] }",
           "11:36 migrations[0].compare.endpoints[1]: \"/{b}\": another one covers the same paths"},
      },
      with_migration);
}

TEST(Load, APatternThatIsNoneIsRefusedWithItsPlace) {
  EXPECT_THAT(problems_of(with_migration("compare: { ignore: [\"$.a[\"] }")),
              ElementsAre(testing::AllOf(
                  testing::StartsWith("11:25 migrations[0].compare.ignore[0]: \"$.a[\": "),
                  testing::EndsWith(")"))));
}

std::string migration(std::string_view keys) {
  return with("migrations: [{ " + std::string(keys) + " }]\n");
}

TEST(Load, NamesMatchesAndArmsOfMigrationsAreChecked) {
  expect_problems(
      {
          {"match: [{ host: a }], legacy: old, monolith: new",
           "6:14 migrations[0].name: missing, but required"},
          {"name: a, legacy: old, monolith: new",
           "6:14 migrations[0].match: missing, but required"},
          {"name: a, match: [{ host: a }], monolith: new",
           "6:14 migrations[0].legacy: missing, but required"},
          {"name: a, match: [{ host: a }], legacy: old",
           "6:14 migrations[0].monolith: missing, but required"},
          {"name: a b, match: [{ host: a }], legacy: old, monolith: new",
           "6:22 migrations[0].name: \"a b\": not a name: 1 to 63 of a-z 0-9 . _ -, the first a "
           "letter or a digit"},
          {"name: a, match: [], legacy: old, monolith: new",
           "6:32 migrations[0].match: must not be empty"},
          {"name: a, match: {}, legacy: old, monolith: new",
           "6:32 migrations[0].match: expected a list, found a mapping"},
          {"name: a, match: [{}], legacy: old, monolith: new",
           "6:33 migrations[0].match[0]: needs at least one of path_prefix, host, method, headers "
           "and listener; path_prefix: / matches every request"},
          {"name: a, match: [{ path_prefix: a }], legacy: old, monolith: new",
           "6:48 migrations[0].match[0].path_prefix: \"a\": a path begins with /"},
          {"name: a, match: [{ path_prefix: 5 }], legacy: old, monolith: new",
           "6:48 migrations[0].match[0].path_prefix: expected text, found the number 5: put it in "
           "quotes"},
          {"name: a, match: [{ host: \"a:80\" }], legacy: old, monolith: new",
           "6:41 migrations[0].match[0].host: \"a:80\": a host is given without a port"},
          {"name: a, match: [{ grpc_method: Get, host: a }], legacy: old, monolith: new",
           "6:48 migrations[0].match[0].grpc_method: needs grpc_service beside it"},
          {"name: a, match: [{ grpc_service: shop.Orders }], legacy: old, monolith: new",
           "6:49 migrations[0].match[0].grpc_service: needs upstreams with protocol: http2, which "
           "\"old\" has not"},
          {"name: a, match: [{ grpc_service: shop..Orders }], legacy: old, monolith: new",
           "6:49 migrations[0].match[0].grpc_service: \"shop..Orders\": not the name of a gRPC "
           "service with its package, such as shop.Orders"},
          {"name: a, match: [{ grpc_service: a, grpc_method: a/b }], legacy: old, monolith: new",
           "6:65 migrations[0].match[0].grpc_method: \"a/b\": not the name of a gRPC method, such "
           "as Get"},
          {"name: a, match: [{ grpc_service: a, path_prefix: /a }], legacy: old, monolith: new",
           "6:49 migrations[0].match[0].grpc_service: stands for a path, as path_prefix does: give "
           "one of them"},
          {"name: a, match: [{ method: get }], legacy: old, monolith: new",
           "6:43 migrations[0].match[0].method: methods have a case: write GET"},
          {"name: a, match: [{ method: TRACE }], legacy: old, monolith: new",
           "6:43 migrations[0].match[0].method: TRACE is never forwarded"},
          {"name: a, match: [{ headers: { x-a: 1 } }], legacy: old, monolith: new",
           "6:51 migrations[0].match[0].headers.x-a: expected text, found the number 1: put it in "
           "quotes"},
          {"name: a, match: [{ headers: { x-a: a, X-A: b } }], legacy: old, monolith: new",
           "6:54 migrations[0].match[0].headers.X-A: is there twice: field names have no case"},
          {"name: a, match: [{ headers: { x-a: \" a\" } }], legacy: old, monolith: new",
           "6:51 migrations[0].match[0].headers.x-a: \" a\": must be 1 to 4096 bytes without "
           "control characters and without space at the ends"},
          {"name: a, match: [{ headers: { host: a } }], legacy: old, monolith: new",
           "6:46 migrations[0].match[0].headers.host: is matched with the key host"},
          {"name: a, match: [{ listener: ingres }], legacy: old, monolith: new",
           "6:45 migrations[0].match[0].listener: unknown listener \"ingres\" (did you mean "
           "\"ingress\"?)"},
          {"name: a, match: [{ host: a }], legacy: odl, monolith: new",
           "6:55 migrations[0].legacy: unknown upstream \"odl\" (did you mean \"old\"?)"},
          {"name: a, match: [{ host: a }], legacy: old, monolith: shop-monolith",
           "6:70 migrations[0].monolith: unknown upstream \"shop-monolith\""},
          {"name: a, match: [{ host: a }], legacy: old, monolith: old",
           "6:70 migrations[0].monolith: legacy and monolith are the same upstream \"old\""},
      },
      migration);
  expect_problems(
      {{"default: nwe", "6:10 default: unknown upstream \"nwe\" (did you mean \"new\"?)"}}, with);
}

std::string with_http2(std::string_view keys) {
  return "listeners: [{ name: a, bind: \"127.0.0.1:0\", http2: { " + std::string(keys) + " } }]\n";
}

TEST(Load, LimitsOfHttp2HaveRanges) {
  expect_problems({{"max_concurrent_streams: 0",
                    "1:78 listeners[0].http2.max_concurrent_streams: must be from 1 to 10000"},
                   {"stream_window: 1KiB",
                    "1:69 listeners[0].http2.stream_window: must be from 64KiB to 16MiB"},
                   {"reset_rates: 1",
                    "1:54 listeners[0].http2.reset_rates: unknown key (did you mean "
                    "\"reset_rate\"?)"}},
                  with_http2);
  const auto made = good("upstreams: { old: { endpoints: [\"127.0.0.1:1\"] } }\n" +
                         with_http2("max_concurrent_streams: 7, stream_window: 64KiB, "
                                    "connection_window: 2MiB, reset_burst: 1, reset_rate: 2, "
                                    "forced_reset_burst: 3, forced_reset_rate: 4, "
                                    "control_burst: 5, control_rate: 6"));
  const Http2Limits& limits = made->listeners.at(0).http2;
  EXPECT_EQ(limits.max_concurrent_streams, 7U);
  EXPECT_EQ(limits.stream_window, 64U << 10U);
  EXPECT_EQ(limits.connection_window, 2U << 20U);
  EXPECT_EQ(limits.reset_burst, 1U);
  EXPECT_EQ(limits.reset_rate, 2U);
  EXPECT_EQ(limits.forced_reset_burst, 3U);
  EXPECT_EQ(limits.forced_reset_rate, 4U);
  EXPECT_EQ(limits.control_burst, 5U);
  EXPECT_EQ(limits.control_rate, 6U);
}

std::string with_force_arm(std::string_view keys) {
  return "listeners: [{ name: a, bind: \"127.0.0.1:0\", force_arm: { " + std::string(keys) +
         " } }]\n";
}

TEST(Load, AGrpcMethodIsAPath) {
  const Loaded loaded = load_text(
      "listeners: [{ name: a, bind: \"127.0.0.1:0\" }]\n"
      "upstreams: { old: { endpoints: [\"127.0.0.1:1\"], protocol: http2 },\n"
      "             new: { endpoints: [\"127.0.0.1:2\"], protocol: http2 } }\n"
      "migrations:\n"
      "  - { name: get, match: [{ grpc_service: shop.Orders, grpc_method: Get }],\n"
      "      legacy: old, monolith: new }\n"
      "  - { name: all, match: [{ grpc_service: shop.Orders }], legacy: old, monolith: new }\n",
      Files::leave_out);
  ASSERT_TRUE(loaded.snapshot);
  const Headers none;
  const auto matched = [&](std::string_view path) -> std::string {
    const auto match = loaded.snapshot->routes.find({"h", path, "POST", none, "a"});
    return match ? match.route->name : "none";
  };
  EXPECT_EQ(matched("/shop.Orders/Get"), "get");
  EXPECT_EQ(matched("/shop.Orders/Put"), "all");
  EXPECT_EQ(matched("/shop.OrdersV2/Get"), "none");
}

TEST(Load, AGrpcMethodIsNotRewritten) {
  const std::string text =
      "listeners: [{ name: a, bind: \"127.0.0.1:0\" }]\n"
      "upstreams: { old: { endpoints: [\"127.0.0.1:1\"], protocol: http2 },\n"
      "             new: { endpoints: [\"127.0.0.1:2\"], protocol: http2 } }\n"
      "migrations:\n"
      "  - { name: get, match: [{ grpc_service: a.B }], rewrite: { monolith: { path_prefix: /x } "
      "},\n"
      "      legacy: old, monolith: new }\n";
  EXPECT_THAT(problems_of(text),
              ElementsAre("5:42 migrations[0].match[0].grpc_service: can not be rewritten by "
                          "path_prefix: the path names the method"));
}

TEST(Load, AForcedArmNeedsAllOfItsKeysAndItsFile) {
  expect_problems(
      {
          {"secret_file: /proc/self/comm, from: [\"::/0\"]",
           "1:56 listeners[0].force_arm.header: missing, but required"},
          {"header: x-a, secret_file: /nonexistent, from: [\"::/0\"]",
           "1:84 listeners[0].force_arm.secret_file: \"/nonexistent\": can not be read: No such "
           "file or directory"},
          {"header: x-a, secret_file: /dev/null, from: [\"::/0\"]",
           "1:84 listeners[0].force_arm.secret_file: \"/dev/null\": is no regular file"},
          {"header: x-a, secret_file: /proc/self/cmdline, from: [\"::/0\"]",
           "1:84 listeners[0].force_arm.secret_file: \"/proc/self/cmdline\": must hold one line of "
           "1 to 256 visible ASCII characters"},
      },
      with_force_arm);
  const std::string text =
      with_force_arm("header: x-a, secret_file: /nonexistent, from: [\"::/0\"]");
  EXPECT_TRUE(load_text(text, Files::leave_out).snapshot);
}

TEST(Load, TheFieldOfAForcedArmHasNoOtherMeaning) {
  const auto problems =
      problems_of(with_force_arm("header: Host, secret_file: /dev/null, from: [\"::/0\"]"));
  EXPECT_THAT(problems, testing::Contains("1:66 listeners[0].force_arm.header: Host has a meaning "
                                          "of its own"));
  const auto common =
      problems_of(with_force_arm("header: User-Agent, secret_file: /dev/null, from: [\"::/0\"]"));
  EXPECT_THAT(common, testing::Not(testing::Contains(testing::HasSubstr("meaning"))));
}

TEST(Load, AMigrationsNameIsTakenOnce) {
  EXPECT_THAT(problems_of(with_migration("epoch: e\n"
                                         "  - { name: orders, match: [{ host: x }], legacy: old, "
                                         "monolith: new }\n")),
              ElementsAre("12:13 migrations[1].name: \"orders\" is taken by migrations[0].name"));
}

TEST(Load, ATieIsReportedAtTheSecondRule) {
  EXPECT_THAT(
      problems_of(with_migration("epoch: e\n"
                                 "  - { name: b, match: [{ host: x }, { path_prefix: /orders/ }], "
                                 "legacy: old, monolith: new }\n")),
      ElementsAre("12:37 migrations[1].match[1]: matches the same requests as "
                  "migrations[0].match[0] in line 8"));
  EXPECT_THAT(
      problems_of(migration("name: a, match: [{ host: X.y }, { host: x.y, path_prefix: / }], "
                            "legacy: old, monolith: new")),
      ElementsAre("6:48 migrations[0].match[1]: matches the same requests as "
                  "migrations[0].match[0] in line 6"));
}

// Fields of other names may come together in one request; other values of one name may not.
TEST(Load, RulesTieWhereOneRequestCouldHaveWhatBothAskFor) {
  EXPECT_THAT(
      problems_of(migration("name: a, match: [{ headers: { x-a: u } }, { headers: { x-b: v } }], "
                            "legacy: old, monolith: new")),
      ElementsAre("6:58 migrations[0].match[1]: matches the same requests as "
                  "migrations[0].match[0] in line 6"));
  EXPECT_THAT(
      problems_of(migration("name: a, match: [{ headers: { x-a: u } }, { headers: { X-A: v } }], "
                            "legacy: old, monolith: new")),
      ElementsAre());
}

TEST(Load, ABrokenRuleTakesNoPartInTies) {
  EXPECT_THAT(problems_of(migration("name: a, match: [{ host: x }, { host: x, path_prefix: y }], "
                                    "legacy: old, monolith: new")),
              ElementsAre("6:70 migrations[0].match[1].path_prefix: \"y\": a path begins with /"));
}

TEST(Load, FlagsAreChecked) {
  expect_problems(
      {
          {"epoch: e\nflags: { order: 5 }",
           "12:10 flags.order: no migration follows this flag (did you mean \"orders\"?)"},
          {"flag: f\nflags: { orders: 5 }", "12:10 flags.orders: no migration follows this flag"},
          {"epoch: e\nflags: { orders: \"5\" }",
           "12:18 flags.orders: expected a percentage from 0 to 100, without a sign or quotes, "
           "found \"5\""},
          {"epoch: e\nflags: { orders: 100.5 }",
           "12:18 flags.orders: a percentage must be from 0 to 100"},
          {"epoch: e\nflags: { orders: -1 }",
           "12:18 flags.orders: expected a percentage from 0 to 100"},
          {"epoch: e\nflags: { orders: }",
           "12:10 flags.orders: expected a percentage from 0 to 100, without a sign or quotes, "
           "found nothing"},
          {"epoch: e\nflags: { orders: 1, orders: 2 }",
           "12:21 flags.orders: duplicate key (first in line 12)"},
      },
      with_migration);
}

TEST(Load, CountsAreBounded) {
  std::string endpoints;
  for (int i = 1; i <= 257; ++i) endpoints += "\"127.0.0.1:" + std::to_string(i) + "\",";
  EXPECT_THAT(problems_of("listeners: [{ name: a, bind: \"[::1]:0\" }]\n"
                          "upstreams: { u: { endpoints: [" +
                          endpoints + "] } }"),
              ElementsAre("2:30 upstreams.u.endpoints: must have at most 256 entries"));
  std::string keys;
  for (int i = 0; i <= 1'000; ++i) keys += "k" + std::to_string(i) + ": 1\n";
  EXPECT_THAT(problems_of(keys), ElementsAre("1:1 must have at most 1000 entries"));
}

TEST(Load, AllProblemsComeInOnePassInTheOrderOfTheirPlaces) {
  EXPECT_THAT(
      problems_of(R"(worker: 2
listeners:
  - { name: in, bind: "0.0.0.0:8080" }
  - { name: in, bind: "127.0.0.1:8080" }
upstreams:
  old: { endpoints: ["db!:1"] }
migrations:
  - name: a
    match: [{ path_prefix: x }]
    legacy: odl
    monolith: old
    shadow: { sampel: 5, methods: [PUTT] }
  - legacy: old
    name: a
flags: { b: 101 }
)"),
      ElementsAre("1:1 worker: unknown key (did you mean \"workers\"?)",
                  "4:13 listeners[1].name: \"in\" is taken by listeners[0].name",
                  "4:23 listeners[1].bind: 127.0.0.1:8080 is taken by listeners[0].bind "
                  "(0.0.0.0:8080)",
                  "6:22 upstreams.old.endpoints[0]: \"db!:1\": not a host: an IP address, "
                  "localhost or a name in DNS",
                  "9:28 migrations[0].match[0].path_prefix: \"x\": a path begins with /",
                  "10:13 migrations[0].legacy: unknown upstream \"odl\" (did you mean "
                  "\"old\"?)",
                  "12:15 migrations[0].shadow.sampel: unknown key (did you mean "
                  "\"sample\"?)",
                  "12:36 migrations[0].shadow.methods[0]: \"PUTT\" can not be shadowed: only "
                  "GET, HEAD, OPTIONS, POST, PUT, PATCH and DELETE",
                  "13:5 migrations[1].match: missing, but required",
                  "13:5 migrations[1].monolith: missing, but required",
                  "14:11 migrations[1].name: \"a\" is taken by migrations[0].name",
                  "15:10 flags.b: no migration follows this flag",
                  "15:13 flags.b: a percentage must be from 0 to 100"));
}

TEST(Load, ASnapshotComesOnlyWithoutProblems) {
  EXPECT_EQ(load_text("workers: 0").snapshot, nullptr);
  EXPECT_NE(load_text(kBase).snapshot, nullptr);
}

TEST(Load, TheContentHashIsThatOfTheBytes) {
  const auto hash = [](std::string_view yaml) { return good(yaml)->content_hash; };
  EXPECT_EQ(hash(kBase), hash(kBase));
  EXPECT_NE(hash(kBase), hash(with("# a comment\n")));
  EXPECT_EQ(hash(kBase).size(), 16U);
}

TEST(Load, TheAdminApiMayListenOnASocketAndBeyondLoopbackWithTokens) {
  const auto socket = good(with("admin: { bind: \"unix:/run/banyan/admin.sock\" }"));
  EXPECT_EQ(socket->admin_socket, "/run/banyan/admin.sock");
  const auto open = good(with(
      "admin: { bind: \"0.0.0.0:9901\", token_file: t, allowed_hosts: [Shop.Test, \"[::1]\"] }"));
  EXPECT_EQ(open->admin, (Address{"0.0.0.0", 9901}));
  EXPECT_EQ(open->admin_token_file, "t");
  EXPECT_THAT(open->admin_allowed_hosts, ElementsAre("shop.test", "::1"));
}

TEST(Load, AFileThatIsNamedHasItsPlace) {
  const Loaded loaded = load_text(with("admin: { token_file: t }"));
  ASSERT_EQ(loaded.files.size(), 1U);
  EXPECT_EQ(loaded.files[0].file, "t");
  EXPECT_EQ(loaded.files[0].at.line, 6U);
  EXPECT_EQ(loaded.files[0].at.column, 22U);
  EXPECT_EQ(loaded.files[0].at.path, "admin.token_file");
}

TEST(Load, FixedKeysAreToldByName) {
  const Snapshot running;
  Snapshot next;
  EXPECT_THAT(fixed_keys_changed(running, next), IsEmpty());
  next.timeouts.idle = milliseconds(1);
  EXPECT_THAT(fixed_keys_changed(running, next), IsEmpty());
  next.workers = 2;
  next.state_dir = "x";
  next.admin.port = 1;
  next.health.host = "::";
  EXPECT_THAT(fixed_keys_changed(running, next),
              ElementsAre("workers", "state_dir", "admin.bind", "health.bind"));
}

TEST(LoadFile, ThatCanNotBeReadSaysWhy) {
  const Loaded missing = load_file("/nonexistent/banyan.yaml");
  ASSERT_EQ(missing.problems.size(), 1U);
  EXPECT_EQ(to_text("f", missing.problems[0]),
            "f: error: can not be read: No such file or directory\n");
  const Loaded folder = load_file("/");
  ASSERT_EQ(folder.problems.size(), 1U);
  EXPECT_EQ(folder.problems[0].message, "can not be read: Is a directory");
}

TEST(LoadFile, WithoutAnEndIsRefusedAtTheSizeLimit) {
  const Loaded endless = load_file("/dev/zero");
  ASSERT_EQ(endless.problems.size(), 1U);
  EXPECT_EQ(endless.problems[0].message, "larger than 1MiB");
}

TEST(LoadFile, ThatIsEmptySaysSo) {
  const Loaded empty = load_file("/dev/null");
  ASSERT_EQ(empty.problems.size(), 1U);
  EXPECT_EQ(empty.problems[0].message, "empty: at least one listener is needed");
}

}  // namespace
}  // namespace banyan::config
