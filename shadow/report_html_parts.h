// shadow/report_html_parts.h: pieces of the HTML report. Pure; everything is escaped.
#pragma once

#include <string>
#include <string_view>

#include "base/readiness.h"
#include "shadow/difference_table.h"

namespace banyan::shadow {

// In a <code>.
[[nodiscard]] std::string code(std::string_view text);
// `text` with what is not the same as in `other` marked; both are printable.
[[nodiscard]] std::string marked(const std::string& text, const std::string& other);
// `ready`, `not ready`, `inconclusive` as a badge: a word and a colour.
[[nodiscard]] std::string badge(Readiness readiness);

// Of one endpoint: its places with their samples. The first `open` places are shown at once.
void append_places(std::string& out, const MigrationReport& migration,
                   const EndpointReport& endpoint, std::size_t open, WallTime now);

}  // namespace banyan::shadow
