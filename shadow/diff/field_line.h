// shadow/diff/field_line.h: lines of header fields in text that somebody wrote down: what `curl -i`
// saved, the heads of multipart bodies. Not for what comes off a wire. Pure.
#pragma once

#include <optional>
#include <string_view>

namespace banyan::shadow {

// Takes a line off, without its end; CR LF and LF both end one. Nothing where no line ends.
[[nodiscard]] std::optional<std::string_view> take_line(std::string_view& rest);

struct FieldLine {
  std::string_view name;
  std::string_view value;  // without space around it
};
// Nothing where the line has no colon.
[[nodiscard]] std::optional<FieldLine> field_of(std::string_view line);

}  // namespace banyan::shadow
