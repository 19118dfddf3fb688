// base/result.h: a value or the Error that stood in its way. Nothing in the data path throws.
#pragma once

#include <tl/expected.hpp>

#include "base/error.h"

namespace banyan {

template <class T, class E = Error>
using Result = tl::expected<T, E>;

using Failure = tl::unexpected<Error>;

}  // namespace banyan
