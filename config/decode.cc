#include <fmt/format.h>

#include <array>

#include "config/block.h"
#include "config/decode_bind.h"
#include "config/decode_flags.h"
#include "config/decode_force_arm.h"
#include "config/decode_migration.h"
#include "config/decode_report.h"
#include "config/decode_store.h"
#include "config/decode_tls.h"
#include "config/decode_upstream.h"
#include "config/draft.h"

namespace banyan::config {
namespace {

constexpr std::uint64_t kSecond = 1'000;
constexpr std::uint64_t kHour = 3'600 * kSecond;
constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kTiB = 1ULL << 40;

constexpr Range kWorkers{1, 64};
constexpr Range kWait{1, kHour};           // of one timeout
constexpr Range kLongWait{1, 24 * kHour};  // of an idle connection, a drain
constexpr Range kDelay{0, kHour};
constexpr Range kPoll{100, 24 * kHour};
constexpr Range kDebounce{0, 60 * kSecond};
constexpr Range kHeaderBytes{kKiB, kMiB};
constexpr Range kHeaderCount{1, 10'000};
constexpr Range kUrlBytes{256, kMiB};
constexpr Range kBodyBytes{1, kTiB};
constexpr Range kConnections{1, 1'000'000};
constexpr Range kPending{1, 1'000'000};
constexpr Range kShadowBudget{kKiB, 64 * kGiB};
constexpr Range kListeners{1, 64};
constexpr Range kTrustedProxies{0, 256};
constexpr Range kStreams{1, 10'000};
constexpr Range kStreamWindow{64 * kKiB, 16 * kMiB};
constexpr Range kConnectionWindow{64 * kKiB, 256 * kMiB};
constexpr Range kResets{1, 100'000};
constexpr Range kAllowedHosts{0, 100};

// admin, health

void decode_admin_bind(const Cursor& cursor, Draft& draft) {
  if (read_bind(cursor, draft.snapshot.admin, draft.snapshot.admin_socket)) {
    draft.admin_bind = spot_of(cursor);
  }
}

void decode_token_file(const Cursor& cursor, Draft& draft) {
  if (!read_word(cursor, read_file_path, draft.token_file)) return;
  draft.snapshot.admin_token_file = draft.token_file.text;
}

void decode_allowed_hosts(const Cursor& cursor, Draft& draft) {
  if (!check_sequence(cursor, kAllowedHosts)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    std::string host;
    if (!read_text(cursor.item(i), read_host, host)) continue;
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    draft.snapshot.admin_allowed_hosts.push_back(std::move(host));
  }
}

void decode_health_bind(const Cursor& cursor, Draft& draft) {
  if (read_address(cursor, kAnyPort, draft.snapshot.health)) draft.health_bind = spot_of(cursor);
}

constexpr std::array kAdminKeys{
    Key<Draft>{"bind", decode_admin_bind},
    Key<Draft>{"token_file", decode_token_file},
    Key<Draft>{"allowed_hosts", decode_allowed_hosts},
};
constexpr std::array kHealthKeys{Key<Draft>{"bind", decode_health_bind}};

// log, drain, reload

void decode_level(const Cursor& cursor, Snapshot& out) {
  constexpr std::array<std::string_view, 5> kLevels{"trace", "debug", "info", "warning", "error"};
  read_one_of(cursor, kLevels, out.log_level);
}

void decode_format(const Cursor& cursor, Snapshot&) {
  constexpr std::array<std::string_view, 1> kFormats{"json"};
  std::string format;
  read_one_of(cursor, kFormats, format);
}

constexpr std::array kAccessKeys{
    Key<Snapshot>{"path", text<&Snapshot::access_path, read_file_path>},
    Key<Snapshot>{"format", decode_format},
};

void decode_access(const Cursor& cursor, Snapshot& out) {
  if (is_word(cursor.node, "off")) {
    out.access_path.clear();
  } else if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("off or a mapping");
  } else {
    decode_block<Snapshot>(cursor, out, kAccessKeys);
  }
}

constexpr std::array kLogKeys{
    Key<Snapshot>{"level", decode_level},
    Key<Snapshot>{"access", decode_access, Need::optional, in_block<kAccessKeys>},
};
constexpr std::array kDrainKeys{
    Key<Snapshot>{"delay", duration<&Snapshot::drain_delay, kDelay>},
    Key<Snapshot>{"timeout", duration<&Snapshot::drain_timeout, kLongWait>},
};
constexpr std::array kReloadKeys{
    Key<Snapshot>{"watch", boolean<&Snapshot::reload_watch>},
    Key<Snapshot>{"poll", duration<&Snapshot::reload_poll, kPoll>},
    Key<Snapshot>{"debounce", duration<&Snapshot::reload_debounce, kDebounce>},
};

// timeouts, limits

constexpr std::array kTimeoutKeys{
    Key<Timeouts>{"header", duration<&Timeouts::header, kWait>},
    Key<Timeouts>{"idle", duration<&Timeouts::idle, kLongWait>},
    Key<Timeouts>{"request", duration<&Timeouts::request, kWait>},
    Key<Timeouts>{"connect", duration<&Timeouts::connect, kWait>},
    Key<Timeouts>{"response", duration<&Timeouts::response, kLongWait>},
};

void decode_body_bytes(const Cursor& cursor, Limits& out) {
  if (is_word(cursor.node, "none")) {
    out.body_bytes = kNone;
  } else if (cursor.node.is_text()) {
    read_size(cursor, kBodyBytes, out.body_bytes);
  } else {
    cursor.fail_type("none or a size such as 512B, 64KiB, 8MiB or 1GiB");
  }
}

constexpr std::array kLimitKeys{
    Key<Limits>{"header_bytes", size<&Limits::header_bytes, kHeaderBytes>},
    Key<Limits>{"header_count", count<&Limits::header_count, kHeaderCount>},
    Key<Limits>{"url_bytes", size<&Limits::url_bytes, kUrlBytes>},
    Key<Limits>{"body_bytes", decode_body_bytes},
    Key<Limits>{"connections", count<&Limits::connections, kConnections>},
    Key<Limits>{"pending", count<&Limits::pending, kPending>},
};

// listeners

constexpr std::array kForwardedKeys{
    Key<Listener>{"via", boolean<&Listener::via>},
    Key<Listener>{"x_forwarded", boolean<&Listener::x_forwarded>},
};

constexpr std::array kHttp2Keys{
    Key<Http2Limits>{"max_concurrent_streams",
                     count<&Http2Limits::max_concurrent_streams, kStreams>},
    Key<Http2Limits>{"stream_window", size<&Http2Limits::stream_window, kStreamWindow>},
    Key<Http2Limits>{"connection_window", size<&Http2Limits::connection_window, kConnectionWindow>},
    Key<Http2Limits>{"reset_burst", count<&Http2Limits::reset_burst, kResets>},
    Key<Http2Limits>{"reset_rate", count<&Http2Limits::reset_rate, kResets>},
    Key<Http2Limits>{"forced_reset_burst", count<&Http2Limits::forced_reset_burst, kResets>},
    Key<Http2Limits>{"forced_reset_rate", count<&Http2Limits::forced_reset_rate, kResets>},
    Key<Http2Limits>{"control_burst", count<&Http2Limits::control_burst, kResets>},
    Key<Http2Limits>{"control_rate", count<&Http2Limits::control_rate, kResets>},
};

void decode_http2(const Cursor& cursor, DraftListener& out) {
  decode_block<Http2Limits>(cursor, out.listener.http2, kHttp2Keys);
}

void decode_listener_name(const Cursor& cursor, DraftListener& out) {
  if (read_word(cursor, read_name, out.name)) out.listener.name = out.name.text;
}

void decode_trusted_proxies(const Cursor& cursor, DraftListener& out) {
  read_networks(cursor, kTrustedProxies, out.listener.trusted_proxies);
}

void decode_expose_arm(const Cursor& cursor, DraftListener& out) {
  read(cursor, out.listener.expose_arm);
}

void decode_listener_default(const Cursor& cursor, DraftListener& out) {
  read_word(cursor, read_name, out.default_upstream);
}

constexpr std::array kListenerKeys{
    Key<DraftListener>{"name", decode_listener_name, Need::required},
    Key<DraftListener>{"bind", decode_listener_bind, Need::required},
    Key<DraftListener>{"socket_mode", decode_socket_mode},
    Key<DraftListener>{"proxy_protocol", decode_proxy_protocol},
    Key<DraftListener>{"trusted_proxies", decode_trusted_proxies},
    Key<DraftListener>{"forwarded", member_block<kForwardedKeys, &DraftListener::listener>,
                       Need::optional, in_block<kForwardedKeys>},
    Key<DraftListener>{"http2", decode_http2, Need::optional, in_block<kHttp2Keys>},
    Key<DraftListener>{"default", decode_listener_default},
    Key<DraftListener>{"shadow_marker", decode_shadow_marker},
    Key<DraftListener>{"shadow_writes", decode_shadow_writes},
    Key<DraftListener>{"force_arm", decode_force_arm, Need::optional, list_force_arm_keys},
    Key<DraftListener>{"expose_arm", decode_expose_arm},
    Key<DraftListener>{"tls", decode_server_tls, Need::optional, list_server_tls_keys},
};

void decode_listeners(const Cursor& cursor, Draft& draft) {
  if (!check_sequence(cursor, kListeners)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    DraftListener& made = draft.listeners.emplace_back();
    decode_block<DraftListener>(cursor.item(i), made, kListenerKeys);
  }
}

// the file

void decode_workers(const Cursor& cursor, Draft& draft) {
  std::uint64_t workers = 0;
  if (read(cursor, kWorkers, workers)) draft.snapshot.workers = static_cast<std::uint32_t>(workers);
}

void decode_state_dir(const Cursor& cursor, Draft& draft) {
  read_text(cursor, read_file_path, draft.snapshot.state_dir);
}

void decode_default(const Cursor& cursor, Draft& draft) {
  read_word(cursor, read_name, draft.default_upstream);
}

void decode_shadow_budget(const Cursor& cursor, Draft& draft) {
  read_size(cursor, kShadowBudget, draft.snapshot.shadow_budget);
}

template <const auto& kKeys>
void snapshot_block(const Cursor& cursor, Draft& draft) {
  block<kKeys>(cursor, draft.snapshot);
}
template <const auto& kKeys, auto kMember>
void snapshot_member(const Cursor& cursor, Draft& draft) {
  block<kKeys>(cursor, draft.snapshot.*kMember);
}

constexpr Need kOptional = Need::optional;
constexpr std::array kFileKeys{
    Key<Draft>{"workers", decode_workers},
    Key<Draft>{"state_dir", decode_state_dir},
    Key<Draft>{"admin", block<kAdminKeys, Draft>, kOptional, in_block<kAdminKeys>},
    Key<Draft>{"health", block<kHealthKeys, Draft>, kOptional, in_block<kHealthKeys>},
    Key<Draft>{"log", snapshot_block<kLogKeys>, kOptional, in_block<kLogKeys>},
    Key<Draft>{"drain", snapshot_block<kDrainKeys>, kOptional, in_block<kDrainKeys>},
    Key<Draft>{"reload", snapshot_block<kReloadKeys>, kOptional, in_block<kReloadKeys>},
    Key<Draft>{"timeouts", snapshot_member<kTimeoutKeys, &Snapshot::timeouts>, kOptional,
               in_block<kTimeoutKeys>},
    Key<Draft>{"limits", snapshot_member<kLimitKeys, &Snapshot::limits>, kOptional,
               in_block<kLimitKeys>},
    Key<Draft>{"listeners", decode_listeners, Need::required, in_items<kListenerKeys>},
    Key<Draft>{"resolver", decode_resolver, kOptional, list_resolver_keys},
    Key<Draft>{"upstreams", decode_upstreams, kOptional, list_upstream_keys},
    Key<Draft>{"default", decode_default},
    Key<Draft>{"migrations", decode_migrations, kOptional, list_migration_keys},
    Key<Draft>{"flags", decode_flags, kOptional, list_flags_keys},
    Key<Draft>{"flag_sources", decode_flag_sources, kOptional, list_flag_source_keys},
    Key<Draft>{"shadow_budget", decode_shadow_budget},
    Key<Draft>{"store", decode_store, kOptional, list_store_keys},
    Key<Draft>{"report", decode_report, kOptional, list_report_keys},
};

}  // namespace

void decode(const Cursor& root, Draft& draft) { decode_block<Draft>(root, draft, kFileKeys); }

std::vector<std::string> key_paths() {
  std::vector<std::string> paths;
  list_keys("", kFileKeys, paths);
  return paths;
}

}  // namespace banyan::config
