// config/flag_share.h: how many of a flag's users the monolith gets, as far as that can be told.
#pragma once

#include "config/logic_compiler.h"
#include "routing/flag_definition.h"

namespace banyan::config {

// Of those whom no condition of the targeting catches: the last branch of an `if`, the weights of a
// `fractional`, else the default variant. `targeting` is nullptr where there is none.
[[nodiscard]] routing::Share share_of_the_rest(const routing::FlagDefinition& flag,
                                               const Node* targeting, const Evaluators& evaluators);

}  // namespace banyan::config
