#include "config/decode_tls.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/webhook.h"

namespace banyan::config {
namespace {

constexpr Range kIdentities{1, 100};
constexpr std::size_t kListBytesMax = 1'000;

// Ciphers and groups, in OpenSSL's words.
Read<std::string> read_list(std::string_view text) {
  const bool fits =
      !text.empty() && text.size() <= kListBytesMax &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
  if (fits) return std::string(text);
  return tl::unexpected<std::string>(fmt::format(
      "must be names with ':' between them, of 1 to {} characters in all", kListBytesMax));
}

void read_value(const Cursor& cursor, Read<std::string> (*grammar)(std::string_view),
                TlsValue& out) {
  Word word;
  if (read_word(cursor, grammar, word)) out = {std::move(word.text), std::move(word.path), word.at};
}
template <auto kMember, class T>
void file(const Cursor& cursor, T& out) {
  read_value(cursor, read_file_path, out.*kMember);
}

// `1.2` without quotes is a number in YAML.
void read_version(const Cursor& cursor, TlsRules& out) {
  const std::string& text = cursor.node.text;
  const bool is_scalar = cursor.node.is_text() || cursor.node.is_number();
  if (!is_scalar || (text != "1.2" && text != "1.3")) return cursor.fail_type("1.2 or 1.3");
  out.min_version = text == "1.2" ? TlsVersion::v1_2 : TlsVersion::v1_3;
}

// The keys of both sides, for a T with `rules`.
template <class T>
void min_version(const Cursor& cursor, T& out) {
  read_version(cursor, out.rules);
}
template <auto kMember, class T>
void list(const Cursor& cursor, T& out) {
  read_value(cursor, read_list, out.rules.*kMember);
}

constexpr std::array kIdentityKeys{
    Key<TlsIdentity>{"certificate", file<&TlsIdentity::certificate>, Need::required},
    Key<TlsIdentity>{"private_key", file<&TlsIdentity::private_key>, Need::required},
};

// A certificate and its key go together.
void check_pair(const Cursor& cursor, const TlsIdentity& identity) {
  const auto has = [&](std::string_view name) {
    const auto& keys = cursor.node.keys;
    return std::any_of(keys.begin(), keys.end(), [&](const auto& key) { return key.text == name; });
  };
  const bool certificate = has("certificate");
  if (certificate == has("private_key")) return;
  const TlsValue& given = certificate ? identity.certificate : identity.private_key;
  const std::string_view missing = certificate ? "private_key" : "certificate";
  cursor.problems.add(
      given.given() ? given.at : cursor.node.at, path_to(cursor.path, missing),
      fmt::format("missing, but required beside {}", certificate ? "certificate" : "private_key"));
}

// ---- listeners

struct DraftServer : TlsServer {
  TlsIdentity single;
  Word client_auth;
};

void decode_certificates(const Cursor& cursor, DraftServer& out) {
  if (!check_sequence(cursor, kIdentities)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    decode_block<TlsIdentity>(cursor.item(i), out.identities.emplace_back(), kIdentityKeys);
  }
}

void decode_certificate(const Cursor& cursor, DraftServer& out) {
  read_value(cursor, read_file_path, out.single.certificate);
}
void decode_private_key(const Cursor& cursor, DraftServer& out) {
  read_value(cursor, read_file_path, out.single.private_key);
}

void decode_client_auth(const Cursor& cursor, DraftServer& out) {
  constexpr std::array<std::string_view, 2> kWords{"required", "optional"};
  Word& word = out.client_auth;
  if (!read_one_of(cursor, kWords, word.text)) return;
  word.at = cursor.node.at;
  word.path = cursor.path;
  out.client_must = word.text == "required";
}

constexpr std::array kServerKeys{
    Key<DraftServer>{"certificate", decode_certificate},
    Key<DraftServer>{"private_key", decode_private_key},
    Key<DraftServer>{"certificates", decode_certificates, Need::optional, in_items<kIdentityKeys>},
    Key<DraftServer>{"client_ca", file<&DraftServer::client_ca>},
    Key<DraftServer>{"client_auth", decode_client_auth},
    Key<DraftServer>{"min_version", min_version<DraftServer>},
    Key<DraftServer>{"ciphers", list<&TlsRules::ciphers, DraftServer>},
    Key<DraftServer>{"ciphersuites", list<&TlsRules::ciphersuites, DraftServer>},
    Key<DraftServer>{"groups", list<&TlsRules::groups, DraftServer>},
};

// ---- upstreams

struct DraftClient : TlsClient {
  TlsIdentity single;
};

void decode_own_certificate(const Cursor& cursor, DraftClient& out) {
  read_value(cursor, read_file_path, out.single.certificate);
}
void decode_own_key(const Cursor& cursor, DraftClient& out) {
  read_value(cursor, read_file_path, out.single.private_key);
}

void decode_server_name(const Cursor& cursor, DraftClient& out) {
  std::string name;
  if (!read_text(cursor, read_host, name)) return;
  out.server_name = name.starts_with('[') ? name.substr(1, name.size() - 2) : name;
}

constexpr std::array kClientKeys{
    Key<DraftClient>{"ca", file<&DraftClient::ca>},
    Key<DraftClient>{"certificate", decode_own_certificate},
    Key<DraftClient>{"private_key", decode_own_key},
    Key<DraftClient>{"server_name", decode_server_name},
    Key<DraftClient>{"min_version", min_version<DraftClient>},
    Key<DraftClient>{"ciphers", list<&TlsRules::ciphers, DraftClient>},
    Key<DraftClient>{"ciphersuites", list<&TlsRules::ciphersuites, DraftClient>},
    Key<DraftClient>{"groups", list<&TlsRules::groups, DraftClient>},
};

void add_given(const TlsRules& rules, std::vector<const TlsValue*>& all) {
  for (const TlsValue* v : {&rules.ciphers, &rules.ciphersuites, &rules.groups}) all.push_back(v);
}
void add_given(const TlsIdentity& identity, std::vector<const TlsValue*>& all) {
  all.push_back(&identity.certificate);
  all.push_back(&identity.private_key);
}

}  // namespace

void decode_server_tls(const Cursor& cursor, DraftListener& out) {
  DraftServer draft;
  if (!decode_block<DraftServer>(cursor, draft, kServerKeys)) return;
  check_pair(cursor, draft.single);
  if (draft.single.certificate.given()) {
    draft.identities.insert(draft.identities.begin(), draft.single);
  }
  const auto& keys = cursor.node.keys;
  const bool any = std::any_of(keys.begin(), keys.end(), [](const auto& key) {
    return key.text == "certificate" || key.text == "private_key" || key.text == "certificates";
  });
  if (!any) cursor.fail("certificate and private_key, or certificates, are needed");
  if (!draft.client_auth.text.empty() && !draft.client_ca.given()) {
    cursor.problems.add(draft.client_auth.at, draft.client_auth.path,
                        "has no meaning without client_ca");
  }
  out.listener.tls = std::move(draft);
}

void list_server_tls_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kServerKeys>(prefix, paths);
}

void decode_client_tls(const Cursor& cursor, Upstream& out) {
  DraftClient draft;
  if (!decode_block<DraftClient>(cursor, draft, kClientKeys)) return;
  check_pair(cursor, draft.single);
  if (draft.single.certificate.given()) draft.identity = draft.single;
  out.tls = std::move(draft);
}

void list_client_tls_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kClientKeys>(prefix, paths);
}

std::vector<const TlsValue*> tls_values(const Snapshot& snapshot) {
  std::vector<const TlsValue*> all;
  for (const Listener& listener : snapshot.listeners) {
    if (!listener.tls) continue;
    add_given(listener.tls->rules, all);
    for (const TlsIdentity& identity : listener.tls->identities) add_given(identity, all);
    all.push_back(&listener.tls->client_ca);
  }
  for (const Upstream& upstream : snapshot.upstreams) {
    if (!upstream.tls) continue;
    add_given(upstream.tls->rules, all);
    if (upstream.tls->identity) add_given(*upstream.tls->identity, all);
    all.push_back(&upstream.tls->ca);
  }
  for (const Migration& migration : snapshot.migrations) {
    const bool has_tls = migration.webhook != nullptr && migration.webhook->upstream.tls;
    if (has_tls) all.push_back(&migration.webhook->upstream.tls->ca);
  }
  std::erase_if(all, [](const TlsValue* v) { return !v->given(); });
  return all;
}

}  // namespace banyan::config
