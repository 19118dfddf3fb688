// shadow/diff/header_value.h: header values in a form in which equal meanings are equal text. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/headers.h"

namespace banyan::shadow {

// What it takes beside the fields themselves.
struct HeaderContext {
  std::string_view authority = {};  // of the request
  bool codings_are_off = false;     // both bodies were decoded: Content-Encoding says nothing more
  bool codings_differ = false;
};

// The values of one field, which stands on the wire in as many lines.
//
//   Content-Type                the type without case, parameters by name, `charset` without case,
//                               a multipart `boundary` left out (RFC 9110 §8.3.1)
//   Location, Content-Location  without scheme and authority where those are the request's own
//   ETag                        where the content codings differ, by weak comparison and without
//   the
//                               mark of a coding (`-gzip`) (RFC 9110 §8.8.3)
//   Link                        its links, in any order, from however many lines (RFC 8288)
//   Vary, Allow, Cache-Control  their members, in any order
//   everything else             as it is
[[nodiscard]] std::vector<std::string> normal_values(const Header& name,
                                                     const std::vector<std::string_view>& values,
                                                     const HeaderContext& context);
// Whether normal_values() may change anything of that field.
[[nodiscard]] bool has_normal_form(const Header& name);

// The parts of `text` between `separator`s that stand outside of quotes and of <>, trimmed; empty
// ones are left out.
[[nodiscard]] std::vector<std::string_view> split_outside_quotes(std::string_view text,
                                                                 char separator);
[[nodiscard]] std::string_view trimmed(std::string_view text);
[[nodiscard]] std::string lower_case(std::string_view text);
// A parameter of a media type without its quotes; empty where it has none of that name.
[[nodiscard]] std::string parameter_of(std::string_view value, std::string_view name);

}  // namespace banyan::shadow
