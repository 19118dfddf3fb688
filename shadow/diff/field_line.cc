#include "shadow/diff/field_line.h"

#include "shadow/diff/header_value.h"

namespace banyan::shadow {

std::optional<std::string_view> take_line(std::string_view& rest) {
  const std::size_t end = rest.find('\n');
  if (end == std::string_view::npos) return std::nullopt;
  std::string_view line = rest.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  rest.remove_prefix(end + 1);
  return line;
}

std::optional<FieldLine> field_of(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  return FieldLine{line.substr(0, colon), trimmed(line.substr(colon + 1))};
}

}  // namespace banyan::shadow
