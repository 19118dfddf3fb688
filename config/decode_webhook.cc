#include "config/decode_webhook.h"

#include <array>

#include "config/read_file.h"
#include "config/webhook_url.h"

namespace banyan::config {
namespace {

constexpr Range kTimeout{1, 60'000};
constexpr Range kGiveUpAfter{1, 60 * 60 * 1'000};

void decode_url(const Cursor& cursor, DraftWebhook& out) {
  if (!cursor.node.is_text()) return cursor.fail_type("a URL");
  auto url = read_webhook_url(cursor.node.text);
  if (!url) return cursor.fail(std::move(url.error()));
  out.https = url->tls;
  out.upstream.endpoints = {std::move(url->address)};
  out.origin = (url->tls ? "https://" : "http://") + url->authority;
  out.authority = std::move(url->authority);
  out.target = std::move(url->target);
}

void decode_authorization_file(const Cursor& cursor, DraftWebhook& out) {
  read_word(cursor, read_file_path, out.authorization_file);
}

void decode_ca(const Cursor& cursor, DraftWebhook& out) {
  read_word(cursor, read_file_path, out.ca);
}

constexpr std::array kWebhookKeys{
    Key<DraftWebhook>{"url", decode_url, Need::required},
    Key<DraftWebhook>{"timeout", duration<&DraftWebhook::timeout, kTimeout>},
    Key<DraftWebhook>{"give_up_after", duration<&DraftWebhook::give_up_after, kGiveUpAfter>},
    Key<DraftWebhook>{"authorization_file", decode_authorization_file},
    Key<DraftWebhook>{"ca", decode_ca},
};

// A CA alone, or https alone, is half of it.
void settle_tls(const Cursor& cursor, DraftWebhook& out) {
  if (out.https) out.upstream.tls.emplace().ca = {out.ca.text, out.ca.path, out.ca.at};
  if (!out.ca.path.empty() && !out.https && !out.upstream.endpoints.empty()) {
    cursor.problems.add(out.ca.at, out.ca.path, "has no meaning with http://");
  }
}

}  // namespace

void decode_webhook(const Cursor& cursor, std::optional<DraftWebhook>& out) {
  DraftWebhook& draft = out.emplace();
  if (cursor.node.kind == Node::Kind::mapping) {
    decode_block<DraftWebhook>(cursor, draft, kWebhookKeys);
  } else {
    decode_url(cursor, draft);
  }
  settle_tls(cursor, draft);
}

std::shared_ptr<const Webhook> settle_webhook(DraftWebhook draft, const std::string& migration,
                                              Files files, Problems& problems) {
  draft.upstream.name = webhook_name(migration);
  draft.upstream.max_requests_per_connection = 1;
  const Word& file = draft.authorization_file;
  if (!file.text.empty() && files == Files::read) {
    auto value = read_field_file(file.text);
    if (value) {
      draft.authorization = std::move(*value);
    } else {
      problems.add(file.at, file.path, quoted(file.text) + ": " + value.error());
    }
  }
  return std::make_shared<const Webhook>(std::move(draft));
}

void list_webhook_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kWebhookKeys>(prefix, paths);
}

}  // namespace banyan::config
