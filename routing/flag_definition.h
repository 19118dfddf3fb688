// routing/flag_definition.h: one flag as flagd defines it, compiled.
//
// (flagd flag definitions, schema v0.) Its variants stand for the two arms of a migration.
// Immutable and shared; made by config/flag_file.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arm.h"
#include "routing/bucket.h"
#include "routing/logic.h"

namespace banyan::routing {

struct FlagVariant {
  std::string name;
  Arm arm = Arm::legacy;
};

// What an evaluation comes to, in the words of OpenFeature.
enum class FlagOutcome : std::uint8_t {
  disabled,   // legacy
  fixed,      // STATIC: there is no targeting
  targeting,  // TARGETING_MATCH: the rule named a variant
  otherwise,  // DEFAULT: the rule named none, so the default variant
  no_key,     // a fractional rule without a key: legacy
  unusable,   // the rule named something that is no variant: legacy
};

struct FlagAnswer {
  Arm arm = Arm::legacy;
  FlagOutcome outcome = FlagOutcome::disabled;
  std::optional<std::size_t> variant;   // of FlagDefinition::variants
  std::optional<std::uint32_t> bucket;  // of kBuckets, where a fractional rule decided
};

struct FlagDefinition {
  std::string key;
  bool enabled = true;
  std::vector<FlagVariant> variants;
  std::optional<std::size_t> default_variant;  // without one: legacy
  std::optional<Logic> targeting;
  Bucketing bucketing = Bucketing::integer;
  // The monolith's part of those whom no condition of the targeting catches.
  Share share = kNobody;

  [[nodiscard]] FlagAnswer evaluate(const Variables& variables, LogicScratch& scratch) const;
  // The variant that a rule's value names: flagd writes it as text.
  [[nodiscard]] std::optional<std::size_t> variant_of(const Value& value) const;
};

}  // namespace banyan::routing
