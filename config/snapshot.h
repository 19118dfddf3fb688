// config/snapshot.h: one configuration load, compiled and immutable.
//
// Shared by all workers as shared_ptr<const Snapshot>; an exchange keeps the one it began with.
// Defaults stand here, beside the thing they configure, and nowhere else.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arm.h"
#include "base/header_edits.h"
#include "base/ip_network.h"
#include "base/time.h"
#include "config/asking_again.h"
#include "config/comparing.h"
#include "config/flags.h"
#include "config/http2.h"
#include "config/report.h"
#include "config/tls.h"
#include "routing/guard/settings.h"
#include "routing/ramp_settings.h"
#include "routing/rewrite.h"
#include "routing/route_table.h"
#include "shadow/diff/comparison.h"
#include "shadow/readiness.h"
#include "shadow/redaction.h"
#include "shadow/sampler.h"

namespace banyan::config {

using std::chrono::milliseconds;
inline constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();

// A place to listen on or to connect to. `host` is an IP literal (without brackets) or, only of an
// endpoint, a name that DNS knows.
struct Address {
  std::string host;
  std::uint16_t port = 0;
  bool is_name = false;
  friend bool operator==(const Address&, const Address&) = default;
};

struct Timeouts {
  milliseconds header{10'000};    // first byte to end of head: 408
  milliseconds idle{60'000};      // a kept connection; a pause in a response body
  milliseconds request{60'000};   // longest pause in a request body: 408
  milliseconds connect{1'000};    // one attempt: 503
  milliseconds response{30'000};  // request sent to response head: 504
};

struct Limits {  // of the process
  std::uint64_t header_bytes = 64 * 1024;
  std::uint64_t header_count = 100;
  std::uint64_t url_bytes = 8 * 1024;
  std::uint64_t body_bytes = kNone;
  std::uint64_t connections = 10'000;
  std::uint64_t pending = 1'000;  // exchanges waiting for a connection, per upstream: 503
};

// Testers who choose their arm, see routing/forced_arm.h.
struct ForceArm {
  std::string header;
  std::string secret;
  std::vector<IpNetwork> from;
};

struct Listener {
  std::string name;
  Address bind;
  std::string socket = {};           // the path of `unix:PATH`, then `bind` does not count
  std::uint32_t socket_mode = 0600;  // of its file
  bool proxy_protocol = false;       // every connection begins with its header
  std::vector<IpNetwork> trusted_proxies = {};  // whose word on the client counts
  bool via = false;
  bool x_forwarded = true;
  bool trust_shadow_marker = false;  // from trusted_proxies
  bool forward_shadow_writes = false;
  std::optional<ForceArm> force_arm;
  bool expose_arm = false;  // x-banyan-arm in responses
  Http2Limits http2;
  std::optional<std::size_t> default_upstream;  // instead of the snapshot's
  std::optional<TlsServer> tls = {};
};

// `timeouts` of one upstream: what it gives takes the place of the process's.
struct UpstreamTimeouts {
  std::optional<milliseconds> idle;
  std::optional<milliseconds> request;
  std::optional<milliseconds> connect;
  std::optional<milliseconds> response;
};

// Passive health of an endpoint: so many connect failures in a row take it out, and it is tried
// again after a time that doubles.
struct PassiveHealth {
  std::uint64_t unhealthy_after = 5;
  milliseconds retry_after{1'000};
  milliseconds retry_after_max{30'000};
};

enum class Protocol : std::uint8_t { http1, http2 };

struct Upstream {
  std::string name;
  std::vector<Address> endpoints;
  Protocol protocol = Protocol::http1;
  milliseconds idle_timeout{4'000};
  milliseconds max_connection_age{600'000};  // each connection's own lies within ±10 %
  std::uint64_t max_requests_per_connection = kNone;
  PassiveHealth health;
  UpstreamTimeouts timeouts;
  std::optional<TlsClient> tls = {};
};
[[nodiscard]] Timeouts effective_timeouts(const Timeouts& process, const UpstreamTimeouts& own);

struct Webhook;

struct Shadow {
  shadow::Sampling sampling;
  milliseconds timeout{5'000};
  std::uint64_t max_in_flight = 100;
  std::uint64_t max_connections = 16;
  std::uint64_t budget_exchange = 256 * 1024;
  std::uint64_t budget_migration = 8 * 1024 * 1024;
  routing::RouteTable exclude;  // what it matches gets none
  bool to_monolith = true;      // `direction`
  bool to_legacy = true;
  bool keep_after_rollback = false;
  HeaderEdits headers;
};

// The rest of one migration; its match and flag stand in the route of the same index.
struct Migration {
  std::string name;
  std::string epoch;
  std::string flag;
  std::size_t legacy = 0;  // indices into Snapshot::upstreams
  std::size_t monolith = 0;
  std::array<routing::Rewrite, 2> rewrite;  // by Arm
  std::optional<Shadow> shadow;
  shadow::CompareRules compare;
  shadow::ReadinessSettings readiness;  // without min_keys where nothing is sticky
  AskingAgain asking_again;
  Comparing comparing;
  std::optional<routing::guard::Settings> guardrail = routing::guard::Settings{};
  std::shared_ptr<const Webhook> webhook;     // of it; nullptr: none
  std::optional<routing::RampSettings> ramp;  // of `flag`
  std::uint64_t compare_hash = 0;  // of `compare` and `rewrite`: another one counts afresh
};

struct Store {
  std::uint64_t max_size = 256 * 1024 * 1024;
  milliseconds max_age = std::chrono::hours(14 * 24);
  std::uint64_t samples = 5;  // of one place
  bool bodies = false;        // whole, of samples
  bool only_shapes = false;   // of values: their types, lengths and hashes; never with `bodies`
  shadow::Redaction redaction;
};

struct Snapshot {
  std::uint32_t workers = 1;
  std::string state_dir = "/var/lib/banyan";
  Address admin{"127.0.0.1", 9901};
  std::string admin_socket;      // the path of `unix:PATH`, then `admin` does not count
  std::string admin_token_file;  // empty: none
  std::vector<std::string> admin_allowed_hosts;  // as Host names them, lower case, no brackets
  Address health{"0.0.0.0", 9902};
  std::string log_level = "info";      // trace debug info warning error
  std::string access_path = "stdout";  // a file, `stdout`, or empty: off
  milliseconds drain_delay{5'000};
  milliseconds drain_timeout{30'000};
  bool reload_watch = true;
  milliseconds reload_poll{10'000};
  milliseconds reload_debounce{200};
  Timeouts timeouts;
  Limits limits;
  std::uint64_t shadow_budget = 32 * 1024 * 1024;
  std::vector<Address> resolver_servers;  // empty: those of the system
  Store store;
  Report report;
  std::vector<Listener> listeners;
  std::vector<Upstream> upstreams;
  std::optional<std::size_t> default_upstream;  // index into upstreams
  std::vector<Migration> migrations;
  routing::RouteTable routes;  // routes()[i] belongs to migrations[i]
  Flags flags;
  std::uint64_t generation = 0;  // counts up with every load of the process
  std::string content_hash;      // of the file's bytes
};

}  // namespace banyan::config
