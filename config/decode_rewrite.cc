#include "config/decode_rewrite.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/stable_hash.h"
#include "config/header_fields.h"

namespace banyan::config {
namespace {

constexpr std::size_t kHeadersMax = 64;
constexpr Range kRemoved{0, kHeadersMax};

// Why a field of that name is not the configuration's to change; empty: it is.
std::string_view why_fixed(std::string_view name) {
  switch (header_id(name)) {
    case HeaderId::connection:
    case HeaderId::keep_alive:
    case HeaderId::proxy_authenticate:
    case HeaderId::proxy_authorization:
    case HeaderId::proxy_connection:
    case HeaderId::te:
    case HeaderId::trailer:
    case HeaderId::transfer_encoding:
    case HeaderId::upgrade:
      return "belongs to one connection (RFC 9110 \u00a77.6.1)";
    case HeaderId::content_length:
    case HeaderId::expect:
      return "belongs to the framing of the message";
    case HeaderId::host:
      return "is what rewrite calls host";
    case HeaderId::baggage:
    case HeaderId::x_banyan_shadow:
      return "marks the requests that Banyan makes";
    default:
      return {};
  }
}

void decode_set(const Cursor& cursor, HeaderEdits& out) {
  std::vector<HeaderField> fields;
  read_header_fields(cursor, kHeadersMax, fields);
  for (HeaderField& field : fields) {
    const std::string_view why = why_fixed(field.name);
    if (!why.empty()) field.name_at.fail(std::string(why));
    out.set.emplace_back(std::move(field.name), std::move(field.value));
  }
}

void decode_remove(const Cursor& cursor, HeaderEdits& out) {
  if (!check_sequence(cursor, kRemoved)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    std::string name;
    if (!read_text(item, read_token, name)) continue;
    const std::string_view why = why_fixed(name);
    if (!why.empty()) item.fail(std::string(why));
    out.remove.push_back(std::move(name));
  }
}

constexpr std::array kEditKeys{
    Key<HeaderEdits>{"set", decode_set},
    Key<HeaderEdits>{"remove", decode_remove},
};

void decode_path_prefix(const Cursor& cursor, routing::Rewrite& out) {
  read_text(cursor, read_path_prefix, out.path_prefix);
}

// A Host field: a host, maybe with a port.
Read<std::string> read_authority(std::string_view text) {
  const std::size_t colon = text.ends_with(']') ? std::string_view::npos : text.rfind(':');
  auto host = read_host(text.substr(0, colon));
  if (!host || colon == std::string_view::npos) return host;
  const auto port = read_count(text.substr(colon + 1));
  if (!port || *port == 0 || *port > 65'535) {
    return tl::unexpected<std::string>("a port must be from 1 to 65535");
  }
  return fmt::format("{}:{}", *host, *port);
}

void decode_host(const Cursor& cursor, routing::Rewrite& out) {
  if (is_word(cursor.node, "preserve")) return;
  read_text(cursor, read_authority, out.host);
}

void decode_headers(const Cursor& cursor, routing::Rewrite& out) {
  decode_header_edits(cursor, out.headers);
}

constexpr std::array kArmKeys{
    Key<routing::Rewrite>{"path_prefix", decode_path_prefix},
    Key<routing::Rewrite>{"host", decode_host},
    Key<routing::Rewrite>{"headers", decode_headers, Need::optional, list_header_edit_keys},
};

template <Arm kArm>
void decode_arm(const Cursor& cursor, DraftMigration& out) {
  decode_block<routing::Rewrite>(cursor, out.migration.rewrite[static_cast<std::size_t>(kArm)],
                                 kArmKeys);
}

constexpr std::array kRewriteKeys{
    Key<DraftMigration>{"monolith", decode_arm<Arm::monolith>, Need::optional, in_block<kArmKeys>},
    Key<DraftMigration>{"legacy", decode_arm<Arm::legacy>, Need::optional, in_block<kArmKeys>},
};

}  // namespace

void decode_rewrite(const Cursor& cursor, DraftMigration& out) {
  decode_block<DraftMigration>(cursor, out, kRewriteKeys);
}

void list_rewrite_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kRewriteKeys>(prefix, paths);
}

void decode_header_edits(const Cursor& cursor, HeaderEdits& out) {
  decode_block<HeaderEdits>(cursor, out, kEditKeys);
}

void list_header_edit_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kEditKeys>(prefix, paths);
}

}  // namespace banyan::config
