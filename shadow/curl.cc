#include "shadow/curl.h"

#include <array>

#include "shadow/printable.h"
#include "shadow/redaction.h"

namespace banyan::shadow {
namespace {

constexpr std::array<std::string_view, 3> kMethods{"GET", "HEAD", "OPTIONS"};

// Within single quotes a shell interprets nothing but their end.
std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'') {
      out += "'\\''";
    } else {
      out += c;
    }
  }
  return out + "'";
}

bool is_known_to_the_letter(std::string_view target) {
  for (const char c : target) {
    // Nor bytes above ASCII: they may be an ellipsis.
    if (static_cast<unsigned char>(c) <= 0x20 || static_cast<unsigned char>(c) >= 0x7F)
      return false;
  }
  return target.starts_with('/') && target.find(kRedacted) == std::string_view::npos &&
         printable(target) == target;
}

}  // namespace

std::optional<std::string> curl_command(std::string_view method, std::string_view target) {
  for (const std::string_view known : kMethods) {
    if (method != known || !is_known_to_the_letter(target)) continue;
    const std::string how = method == "HEAD" ? "-I" : "-i -X " + std::string(method);
    // As it is: no dot segments taken out, no brackets expanded.
    return "curl " + how + " --path-as-is --globoff \"$BASE\"" + in_single_quotes(target);
  }
  return std::nullopt;
}

}  // namespace banyan::shadow
