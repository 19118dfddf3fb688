// proxy/exchange/error_response.h: the one function that turns an Error into a response. Pure.
#pragma once

#include <string>

#include "base/error.h"
#include "base/message.h"

namespace banyan::exchange {

// The status of the code and a one-line body with its reason word. False where nobody is left to
// answer.
[[nodiscard]] bool make_error_response(const Error& error, ResponseHead& head, std::string& body);

}  // namespace banyan::exchange
