// proxy/exchange/error_response.h: the responses that Banyan gives by itself. Pure.
#pragma once

#include <string>

#include "base/error.h"
#include "base/message.h"

namespace banyan::exchange {

// The status of the code and a one-line body with its reason word. False where nobody is left to
// answer.
[[nodiscard]] bool make_error_response(const Error& error, ResponseHead& head, std::string& body);

// To an OPTIONS that must not go any further: what may be asked here (RFC 9110 §7.6.2, §9.3.7).
void make_options_response(ResponseHead& head);

}  // namespace banyan::exchange
