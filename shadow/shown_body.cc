#include "shadow/shown_body.h"

#include <algorithm>
#include <utility>

#include "base/headers.h"
#include "shadow/diff/body_diff.h"
#include "shadow/diff/body_kind.h"
#include "shadow/diff/content_coding.h"
#include "shadow/diff/text_diff.h"

namespace banyan::shadow {
namespace {

// Names of secrets are found in these, but not around a part of a multipart body, in the cells of
// a table or in the header line of a CSV file.
bool tells_its_names(std::string_view type) {
  const BodyKind kind = declared_kind(type);
  return kind == BodyKind::json || kind == BodyKind::json_sequence || kind == BodyKind::form ||
         equals_ignoring_case(type.substr(0, type.find_first_of("; \t")), "text/plain");
}

bool may_hold_a_place(const Redaction& redaction) {
  return std::any_of(redaction.paths.begin(), redaction.paths.end(), [](const PathPattern& p) {
    return p.is_document_path() || p.matches("body");
  });
}

}  // namespace

std::string shown_body(const Redaction& redaction, const CapturedResponse& response) {
  if (response.body.empty() || response.body.size() > kShownBodyMax) return {};
  std::string body;
  if (const std::string codings = codings_of(response); codings.empty()) {
    body = response.body;
  } else {
    Decoded plain = decoded(codings, response.body);
    if (!plain.problem.empty()) return {};
    body = std::move(plain.body);
  }
  if (body.size() > kShownBodyMax || !is_text(body)) return {};
  const std::string_view type = response.headers.find(HeaderId::content_type).value_or("");
  if (!tells_its_names(type)) return {};
  if (may_hold_a_place(redaction)) return std::string(kRedacted);
  std::string shown = redacted_text(redaction, body);
  return shown.size() <= kShownBodyMax ? shown : std::string();
}

}  // namespace banyan::shadow
