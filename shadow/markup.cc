#include "shadow/markup.h"

#include "shadow/printable.h"

namespace banyan::shadow {

std::string markup_escaped(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  // The two characters that XML has no room for and that are no controls.
  for (const std::string_view none : {"\xEF\xBF\xBE", "\xEF\xBF\xBF"}) {
    for (std::size_t at = out.find(none); at != std::string::npos; at = out.find(none, at)) {
      out.replace(at, none.size(), "\xEF\xBF\xBD");
    }
  }
  return out;
}

}  // namespace banyan::shadow
