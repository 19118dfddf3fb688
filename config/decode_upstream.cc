#include "config/decode_upstream.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "config/decode_tls.h"

namespace banyan::config {
namespace {

constexpr std::uint64_t kHour = 3'600'000;
constexpr Range kPeerPort{1, 65'535};
constexpr Range kWait{1, kHour};
constexpr Range kLongWait{1, 24 * kHour};
constexpr Range kRequests{1, 1'000'000'000};
constexpr Range kFailures{1, 1'000};
constexpr Range kEndpoints{1, 256};
constexpr std::size_t kUpstreamsMax = 1'000;

void decode_endpoints(const Cursor& cursor, Upstream& out) {
  if (!check_sequence(cursor, kEndpoints)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    Address address;
    if (!read_endpoint(item, kPeerPort, address)) continue;
    if (std::find(out.endpoints.begin(), out.endpoints.end(), address) != out.endpoints.end()) {
      item.fail(fmt::format("{} is there twice", to_text(address)));
      continue;
    }
    out.endpoints.push_back(std::move(address));
  }
}

void decode_protocol(const Cursor& cursor, Upstream& out) {
  constexpr std::array<std::string_view, 2> kWords{"http1", "http2"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.protocol = word == "http2" ? Protocol::http2 : Protocol::http1;
}

void decode_requests(const Cursor& cursor, Upstream& out) {
  if (is_word(cursor.node, "none")) {
    out.max_requests_per_connection = kNone;
  } else {
    read(cursor, kRequests, out.max_requests_per_connection);
  }
}

template <auto kMember, Range kRange>
void health_duration(const Cursor& cursor, Upstream& out) {
  duration<kMember, kRange>(cursor, out.health);
}

void decode_unhealthy_after(const Cursor& cursor, Upstream& out) {
  read(cursor, kFailures, out.health.unhealthy_after);
}

constexpr std::array kUpstreamTimeoutKeys{
    Key<UpstreamTimeouts>{"idle", given_duration<&UpstreamTimeouts::idle, kLongWait>},
    Key<UpstreamTimeouts>{"request", given_duration<&UpstreamTimeouts::request, kWait>},
    Key<UpstreamTimeouts>{"connect", given_duration<&UpstreamTimeouts::connect, kWait>},
    Key<UpstreamTimeouts>{"response", given_duration<&UpstreamTimeouts::response, kLongWait>},
};

constexpr Need kOptional = Need::optional;
constexpr std::array kUpstreamKeys{
    Key<Upstream>{"endpoints", decode_endpoints, Need::required},
    Key<Upstream>{"protocol", decode_protocol},
    Key<Upstream>{"idle_timeout", duration<&Upstream::idle_timeout, kWait>},
    Key<Upstream>{"max_connection_age", duration<&Upstream::max_connection_age, kLongWait>},
    Key<Upstream>{"max_requests_per_connection", decode_requests},
    Key<Upstream>{"unhealthy_after", decode_unhealthy_after},
    Key<Upstream>{"retry_after", health_duration<&PassiveHealth::retry_after, kWait>},
    Key<Upstream>{"retry_after_max", health_duration<&PassiveHealth::retry_after_max, kWait>},
    Key<Upstream>{"timeouts", member_block<kUpstreamTimeoutKeys, &Upstream::timeouts>, kOptional,
                  in_block<kUpstreamTimeoutKeys>},
    Key<Upstream>{"tls", decode_client_tls, kOptional, list_client_tls_keys},
};

// The one that the file gives is the one to speak of.
void check_retry_order(const Cursor& cursor, const PassiveHealth& health) {
  if (health.retry_after <= health.retry_after_max) return;
  const auto place = [&](std::string_view name) {
    const auto& keys = cursor.node.keys;
    const auto found =
        std::find_if(keys.begin(), keys.end(), [&](const auto& key) { return key.text == name; });
    return static_cast<std::size_t>(found - keys.begin());
  };
  const std::string first = duration_text(health.retry_after);
  const std::string longest = duration_text(health.retry_after_max);
  if (const std::size_t at = place("retry_after_max"); at < cursor.node.keys.size()) {
    cursor.member(at).fail(fmt::format("{} is below retry_after ({})", longest, first));
  } else {
    cursor.member(place("retry_after"))
        .fail(fmt::format("{} is above retry_after_max ({})", first, longest));
  }
}

}  // namespace

void decode_upstreams(const Cursor& cursor, Draft& draft) {
  const auto members = members_of(cursor, kUpstreamsMax);
  if (!members) return;
  for (const std::size_t i : *members) {
    const Cursor member = cursor.member(i);
    const Node::Key& key = cursor.node.keys[i];
    if (const auto name = read_name(key.text); !name) {
      cursor.problems.add(key.at, member.path, name.error());
    }
    Upstream& made = draft.snapshot.upstreams.emplace_back();
    made.name = key.text;
    if (decode_block<Upstream>(member, made, kUpstreamKeys)) check_retry_order(member, made.health);
  }
}

namespace {

constexpr Range kServers{1, 8};

void decode_servers(const Cursor& cursor, Snapshot& out) {
  if (!check_sequence(cursor, kServers)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    Address server;
    if (read_address(cursor.item(i), kPeerPort, server)) {
      out.resolver_servers.push_back(std::move(server));
    }
  }
}

constexpr std::array kResolverKeys{Key<Snapshot>{"servers", decode_servers}};

}  // namespace

void decode_resolver(const Cursor& cursor, Draft& draft) {
  block<kResolverKeys>(cursor, draft.snapshot);
}

void list_resolver_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kResolverKeys>(prefix, paths);
}

void list_upstream_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_named<kUpstreamKeys>(prefix, paths);
}

Timeouts effective_timeouts(const Timeouts& process, const UpstreamTimeouts& own) {
  Timeouts effective = process;
  effective.idle = own.idle.value_or(process.idle);
  effective.request = own.request.value_or(process.request);
  effective.connect = own.connect.value_or(process.connect);
  effective.response = own.response.value_or(process.response);
  return effective;
}

}  // namespace banyan::config
