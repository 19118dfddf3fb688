// shadow/sample.h: what is kept of one pair at one place where it differs. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

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

// The samples of one pair. All that it is made of outlives it.
class PairSamples {
 public:
  PairSamples(const Redaction& redaction, const KeyedHash& hash, const CapturedPair& pair,
              Keeps keeps)
      : redaction_(redaction), hash_(hash), pair_(pair), keeps_(keeps) {}

  // Without bodies. Redacted.
  [[nodiscard]] Sample next(const Difference& found);
  // Once, where bodies are kept.
  [[nodiscard]] bool take_bodies() {
    return keeps_ == Keeps::values_and_bodies && !std::exchange(has_bodies_, true);
  }

 private:
  [[nodiscard]] std::string target() const;
  [[nodiscard]] Sample values_of(const Difference& found) const;
  [[nodiscard]] Sample shapes_of(const Difference& found) const;

  const Redaction& redaction_;
  const KeyedHash& hash_;
  const CapturedPair& pair_;
  Keeps keeps_;
  std::string target_;  // the same for all; empty: not made yet
  bool has_bodies_ = false;
};

}  // namespace banyan::shadow
