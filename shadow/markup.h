// shadow/markup.h: text from traffic inside of HTML and XML. Pure.
#pragma once

#include <string>
#include <string_view>

namespace banyan::shadow {

// printable(), with everything written out that ends a text or an attribute in quotes. Valid in XML
// 1.0 as well.
[[nodiscard]] std::string markup_escaped(std::string_view text);

}  // namespace banyan::shadow
