// shadow/secret_scan.h: where values stand in a text behind the name of a secret. Pure.
//
// Pairs (`token=…`), members (`"token": …`), elements and attributes of markup (`<token>…`,
// `<input name="token" value="…">`), also inside of strings and with their names escaped. Takes
// time linear in the text, whatever stands in it.
#pragma once

#include <string_view>
#include <vector>

#include "shadow/redaction.h"

namespace banyan::shadow {

// In their order; none is empty. What can not be told to end goes on to the end of the text.
[[nodiscard]] std::vector<TextRange> named_secrets(const Redaction& redaction,
                                                   std::string_view text);

}  // namespace banyan::shadow
