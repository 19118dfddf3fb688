// proxy/control/version.h: what this build calls itself.
#pragma once

#include <string_view>

namespace banyan::control {

inline constexpr std::string_view kVersion = BANYAN_VERSION;

}  // namespace banyan::control
