// shadow/sample.h: what is kept of one pair at one place where it differs. Pure.
#pragma once

#include <cstdint>

#include "shadow/capture.h"
#include "shadow/diff/comparison.h"
#include "shadow/redaction.h"
#include "shadow/store/record.h"
#include "shadow/value_shape.h"

namespace banyan::shadow {

enum class Keeps : std::uint8_t {
  values,             // those that differ
  values_and_bodies,  // and both bodies, of one sample of each pair
  shapes,             // types, lengths and hashes: no value
};

// Without bodies. Redacted.
[[nodiscard]] Sample sample_of(const Redaction& redaction, const CapturedPair& pair,
                               const Difference& found);
// The same without a value: the target is that of the endpoint, and the path is folded, since the
// names in it may be data.
[[nodiscard]] Sample shape_sample_of(const Redaction& redaction, const KeyedHash& hash,
                                     const CapturedPair& pair, const Difference& found);

}  // namespace banyan::shadow
