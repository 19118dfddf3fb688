// shadow/shown_body.h: a whole body as a sample keeps it. Pure.
#pragma once

#include <cstddef>
#include <string>

#include "shadow/capture.h"
#include "shadow/redaction.h"

namespace banyan::shadow {

inline constexpr std::size_t kShownBodyMax = std::size_t{64} << 10;

// Without its content coding and redacted; hidden whole where the redaction names places in a
// document. Empty: what is longer than kShownBodyMax (a part of it could break off inside of a
// secret), is neither JSON, a form nor text by its Content-Type, or can not be decoded.
[[nodiscard]] std::string shown_body(const Redaction& redaction, const CapturedResponse& response);

}  // namespace banyan::shadow
