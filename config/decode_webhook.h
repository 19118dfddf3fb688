// config/decode_webhook.h: `webhook` of a guardrail: a URL, or a mapping with one.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_webhook(const Cursor& cursor, std::optional<DraftWebhook>& out);
// Once its migration is known; reads the file that it names.
[[nodiscard]] std::shared_ptr<const Webhook> settle_webhook(DraftWebhook draft,
                                                            const std::string& migration,
                                                            Files files, Problems& problems);
void list_webhook_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
