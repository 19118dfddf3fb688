// shadow/store/record_text.h: parts of a record as texts of the store, and back. Pure. What can not
// be read is left out.
#pragma once

#include <string>
#include <string_view>

#include "shadow/readiness.h"
#include "shadow/tally.h"

namespace banyan::shadow {

[[nodiscard]] std::string text_of(const ReadinessSettings& settings);
[[nodiscard]] ReadinessSettings settings_from(std::string_view text);
[[nodiscard]] std::string text_of(const PlaceSet& places);
[[nodiscard]] PlaceSet places_from(std::string_view text);
[[nodiscard]] std::string text_of(const Histogram& histogram);
void add_from(std::string_view text, Histogram& histogram);

}  // namespace banyan::shadow
