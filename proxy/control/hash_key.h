// proxy/control/hash_key.h: the key that hashes of values are made with, where no value is kept.
//
// It stands beside the store, so that equal values have equal hashes for as long as that lives.
#pragma once

#include <string>

#include "proxy/control/state_file.h"

namespace banyan::control {

// The key in `file`; made and written where there is none that can be read. What could not be
// written holds for this process. Empty: the system has no randomness to give. What went wrong is
// logged. Control thread only.
[[nodiscard]] std::string hash_key(const StateFile& file);

}  // namespace banyan::control
