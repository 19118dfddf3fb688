// config/draft.h: what the file says, before names are resolved and parts are held together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/cursor.h"
#include "config/load.h"
#include "config/snapshot.h"
#include "config/webhook.h"

namespace banyan::config {

// Where a value stands; `path` is empty for what the file does not give.
struct Spot {
  std::size_t at = 0;
  std::string path;
  [[nodiscard]] bool given() const { return !path.empty(); }
};

struct DraftListener {
  Listener listener;
  Word secret_file;  // of force_arm
  Word name;
  Spot bind;
  Spot socket_mode;
  Spot proxy_protocol;
  Word default_upstream;
};

struct DraftRule {
  routing::MatchRule rule;
  Spot spot;
  Word listener;
  Word grpc_service;  // with grpc_method it is the path of the rule
  Word grpc_method;
  bool has_path = false;
};

struct DraftShadow : Shadow {
  std::vector<DraftRule> exclude_rules;
  Word grpc_method;  // one of sampling.grpc_methods
};

struct DraftWebhook : Webhook {
  bool https = false;
  Word authorization_file;
  Word ca;
};

struct DraftMigration {
  Migration migration;
  routing::Route route;
  std::vector<DraftRule> match;  // of route.match
  std::optional<DraftShadow> shadow;
  Word name;
  Word legacy;
  Word monolith;
  Word flag;
  Word descriptors;                     // of compare
  Word reflection;                      // of it, without a text
  std::optional<DraftWebhook> webhook;  // of the guardrail
  Spot ramp;
  bool sticky_missing_given = false;
};

// The blocks of which every key stands for itself go into `snapshot` at once.
struct Draft {
  Snapshot snapshot;
  Files files = Files::read;
  Spot admin_bind;
  Spot health_bind;
  Word token_file;
  std::vector<DraftListener> listeners;
  std::vector<DraftMigration> migrations;
  Word default_upstream;
  std::vector<Word> flags;
  std::vector<Word> flag_files;  // of snapshot.flags.sources
  Word waivers;                  // of report
};

// The keys of the file into a draft; every key by itself is checked here.
void decode(const Cursor& root, Draft& draft);
// What needs more than one key: names, references, ties. The snapshot is only whole without
// problems.
[[nodiscard]] Snapshot resolve(Draft draft, Problems& problems);
// Every key, in the order of the tables: `log.access.path`, `listeners[].bind`,
// `upstreams.NAME.endpoints`.
[[nodiscard]] std::vector<std::string> key_paths();

}  // namespace banyan::config
