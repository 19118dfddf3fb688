// shadow/curl.h: a request of a report as a command for a shell. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace banyan::shadow {

// `curl -i -X GET "$BASE"'/orders/42?a=1'`; nothing in it is expanded but BASE, which the reader
// sets to one arm or the other. Nothing where the request is not known to the letter (its target
// was redacted, cut or escaped), or has a body that no report holds.
[[nodiscard]] std::optional<std::string> curl_command(std::string_view method,
                                                      std::string_view target);

}  // namespace banyan::shadow
