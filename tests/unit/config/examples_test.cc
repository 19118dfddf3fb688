// The example files and the documentation against the decoder's tables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <iterator>
#include <set>

#include "config/draft.h"
#include "config/yaml_tree.h"
#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

using testing::IsEmpty;

std::string file_text(const std::string& path) {
  std::ifstream file(BANYAN_SOURCE_DIR "/" + path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// The paths of all keys under `node`, in the notation of key_paths().
void collect(const Node& node, const std::string& path, std::set<std::string>& paths) {
  const bool is_named = path == "upstreams" || path == "flags";
  for (std::size_t i = 0; i < node.keys.size(); ++i) {
    const std::string key = is_named ? "NAME" : node.keys[i].text;
    const std::string below = path.empty() ? key : path + "." + key;
    paths.insert(below);
    collect(node.items[i], below, paths);
  }
  if (node.kind != Node::Kind::sequence) return;
  for (const Node& item : node.items) collect(item, path + "[]", paths);
}

std::shared_ptr<const Snapshot> full_example() {
  return load_file(BANYAN_SOURCE_DIR "/config/examples/full.yaml", Files::leave_out).snapshot;
}

TEST(Examples, Load) {
  for (const char* name : {"quickstart.yaml", "full.yaml"}) {
    const Loaded loaded =
        load_file(std::string(BANYAN_SOURCE_DIR "/config/examples/") + name, Files::leave_out);
    for (const Problem& problem : loaded.problems) ADD_FAILURE() << to_text(name, problem);
    EXPECT_TRUE(loaded.snapshot) << name;
  }
}

TEST(Examples, FullHasEveryKey) {
  const std::string text = file_text("config/examples/full.yaml");
  Problems problems(text);
  const auto root = parse_yaml(text, problems);
  ASSERT_TRUE(root);
  std::set<std::string> given;
  collect(*root, "", given);
  for (const std::string& path : key_paths()) EXPECT_TRUE(given.contains(path)) << path;
}

TEST(Examples, FullShowsTheDefaults) {
  const auto full = full_example();
  ASSERT_TRUE(full);
  const Snapshot d;
  EXPECT_THAT(fixed_keys_changed(*full, d), IsEmpty());
  EXPECT_EQ(full->log_level, d.log_level);
  EXPECT_EQ(full->access_path, d.access_path);
  EXPECT_EQ(full->drain_delay, d.drain_delay);
  EXPECT_EQ(full->drain_timeout, d.drain_timeout);
  EXPECT_EQ(full->reload_watch, d.reload_watch);
  EXPECT_EQ(full->reload_poll, d.reload_poll);
  EXPECT_EQ(full->reload_debounce, d.reload_debounce);
  EXPECT_EQ(full->timeouts.header, d.timeouts.header);
  EXPECT_EQ(full->timeouts.idle, d.timeouts.idle);
  EXPECT_EQ(full->timeouts.request, d.timeouts.request);
  EXPECT_EQ(full->timeouts.connect, d.timeouts.connect);
  EXPECT_EQ(full->timeouts.response, d.timeouts.response);
  EXPECT_EQ(full->limits.header_bytes, d.limits.header_bytes);
  EXPECT_EQ(full->limits.header_count, d.limits.header_count);
  EXPECT_EQ(full->limits.url_bytes, d.limits.url_bytes);
  EXPECT_EQ(full->limits.body_bytes, d.limits.body_bytes);
  EXPECT_EQ(full->limits.connections, d.limits.connections);
  EXPECT_EQ(full->limits.pending, d.limits.pending);
  EXPECT_EQ(full->shadow_budget, d.shadow_budget);
  EXPECT_EQ(full->listeners.at(0).trusted_proxies, Listener().trusted_proxies);
  EXPECT_EQ(full->store.max_size, d.store.max_size);
  EXPECT_EQ(full->store.max_age, d.store.max_age);
  EXPECT_EQ(full->store.samples, d.store.samples);
  EXPECT_EQ(full->listeners.at(0).via, Listener().via);
  EXPECT_EQ(full->listeners.at(0).x_forwarded, Listener().x_forwarded);
  EXPECT_EQ(full->listeners.at(0).expose_arm, Listener().expose_arm);
  EXPECT_EQ(full->listeners.at(0).proxy_protocol, Listener().proxy_protocol);
  EXPECT_EQ(full->listeners.at(1).socket, "/run/banyan/beside.sock");
  EXPECT_EQ(full->listeners.at(1).socket_mode, Listener().socket_mode);
  const Http2Limits& http2 = full->listeners.at(0).http2;
  EXPECT_EQ(http2.max_concurrent_streams, Http2Limits().max_concurrent_streams);
  EXPECT_EQ(http2.stream_window, Http2Limits().stream_window);
  EXPECT_EQ(http2.connection_window, Http2Limits().connection_window);
  EXPECT_EQ(http2.reset_burst, Http2Limits().reset_burst);
  EXPECT_EQ(http2.reset_rate, Http2Limits().reset_rate);
  EXPECT_EQ(http2.forced_reset_burst, Http2Limits().forced_reset_burst);
  EXPECT_EQ(http2.forced_reset_rate, Http2Limits().forced_reset_rate);
  EXPECT_EQ(http2.control_burst, Http2Limits().control_burst);
  EXPECT_EQ(http2.control_rate, Http2Limits().control_rate);
  EXPECT_EQ(full->listeners.at(0).trust_shadow_marker, Listener().trust_shadow_marker);
  EXPECT_EQ(full->listeners.at(0).forward_shadow_writes, Listener().forward_shadow_writes);
  const Upstream& upstream = full->upstreams.at(0);
  EXPECT_EQ(upstream.protocol, Upstream().protocol);
  EXPECT_EQ(upstream.idle_timeout, Upstream().idle_timeout);
  EXPECT_EQ(upstream.max_connection_age, Upstream().max_connection_age);
  EXPECT_EQ(upstream.max_requests_per_connection, Upstream().max_requests_per_connection);
  EXPECT_EQ(upstream.health.unhealthy_after, PassiveHealth().unhealthy_after);
  EXPECT_EQ(upstream.health.retry_after, PassiveHealth().retry_after);
  EXPECT_EQ(upstream.health.retry_after_max, PassiveHealth().retry_after_max);
  EXPECT_EQ(upstream.timeouts.idle, d.timeouts.idle);
  EXPECT_EQ(upstream.timeouts.request, d.timeouts.request);
  EXPECT_EQ(upstream.timeouts.connect, d.timeouts.connect);
  EXPECT_EQ(upstream.timeouts.response, d.timeouts.response);
}

TEST(Examples, FullNamesAGrpcMethodThatGetsAShadow) {
  const auto full = full_example();
  ASSERT_TRUE(full);
  EXPECT_EQ(full->migrations.at(1).shadow.value().sampling.grpc_methods,
            std::vector<std::string>{"/shop.Orders/Get"});
}

TEST(Examples, FullShowsTheDefaultsOfAMigration) {
  const auto full = full_example();
  ASSERT_TRUE(full);
  const Shadow& shadow = full->migrations.at(0).shadow.value();
  const Shadow d;
  EXPECT_EQ(shadow.sampling.millipercent, d.sampling.millipercent);
  EXPECT_EQ(shadow.sampling.methods, d.sampling.methods);
  EXPECT_EQ(shadow.timeout, d.timeout);
  EXPECT_EQ(shadow.max_in_flight, d.max_in_flight);
  EXPECT_EQ(shadow.max_connections, d.max_connections);
  EXPECT_EQ(shadow.budget_exchange, d.budget_exchange);
  EXPECT_EQ(shadow.budget_migration, d.budget_migration);
  EXPECT_EQ(shadow.to_monolith, d.to_monolith);
  EXPECT_EQ(shadow.to_legacy, d.to_legacy);
  EXPECT_EQ(shadow.keep_after_rollback, d.keep_after_rollback);
  EXPECT_TRUE(shadow.headers.empty());
  EXPECT_EQ(full->migrations[0].flag, full->migrations[0].name);
}

void expect_defaults(const TlsRules& rules) {
  const TlsRules d;
  EXPECT_EQ(rules.min_version, d.min_version);
  EXPECT_EQ(rules.ciphers.text, d.ciphers.text);
  EXPECT_EQ(rules.ciphersuites.text, d.ciphersuites.text);
  EXPECT_EQ(rules.groups.text, d.groups.text);
}

TEST(Examples, FullShowsTheDefaultsOfTls) {
  const auto full = full_example();
  ASSERT_TRUE(full);
  EXPECT_EQ(full->listeners.at(0).tls.value().client_must, TlsServer().client_must);
  expect_defaults(full->listeners.at(0).tls->rules);
  expect_defaults(full->upstreams.at(1).tls.value().rules);
}

// Loads every example of a page; how many there are.
std::size_t load_examples_of(const std::string& page) {
  const std::string text = file_text("docs/" + page);
  const std::string begin = "```yaml\n";
  std::size_t count = 0;
  for (std::size_t at = text.find(begin); at != std::string::npos; at = text.find(begin, at)) {
    at += begin.size();
    const Loaded loaded = load_text(text.substr(at, text.find("```", at) - at), Files::leave_out);
    for (const Problem& problem : loaded.problems) ADD_FAILURE() << to_text(page, problem);
    ++count;
  }
  return count;
}

TEST(Documentation, TheExamplesOfTlsLoad) { EXPECT_EQ(load_examples_of("tls.md"), 4U); }

TEST(Documentation, TheExamplesOfListenersAndTunnelsLoad) {
  EXPECT_EQ(load_examples_of("listeners.md"), 2U);
  EXPECT_EQ(load_examples_of("tunnels.md"), 1U);
}

TEST(Documentation, TheExampleOfGrpcLoads) { EXPECT_EQ(load_examples_of("grpc.md"), 1U); }

// A table row of docs/configuration.md begins with the key's path in backquotes.
TEST(Documentation, HasEveryKeyAndNoOther) {
  const std::string text = file_text("docs/configuration.md");
  std::set<std::string> documented;
  for (std::size_t at = text.find("\n| `"); at != std::string::npos;
       at = text.find("\n| `", at + 1)) {
    const std::size_t begin = at + 4;
    documented.insert(text.substr(begin, text.find('`', begin) - begin));
  }
  const auto keys = key_paths();
  EXPECT_FALSE(keys.empty());
  EXPECT_THAT(documented, testing::UnorderedElementsAreArray(keys));
}

}  // namespace
}  // namespace banyan::config
