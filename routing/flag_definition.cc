#include "routing/flag_definition.h"

namespace banyan::routing {
namespace {

bool is_monolith(const void* definition, const Value& name) {
  const auto& flag = *static_cast<const FlagDefinition*>(definition);
  const auto variant = flag.variant_of(name);
  return variant && flag.variants[*variant].arm == Arm::monolith;
}

std::string_view name_of(const Value& value, std::string& made) {
  if (value.is_text()) return value.text();
  append_text(value, made);
  return made;
}

}  // namespace

std::optional<std::size_t> FlagDefinition::variant_of(const Value& value) const {
  if (value.is_null() || value.kind() == Value::Kind::list) return std::nullopt;
  std::string made;
  const std::string_view name = name_of(value, made);
  for (std::size_t i = 0; i < variants.size(); ++i) {
    if (variants[i].name == name) return i;
  }
  return std::nullopt;
}

FlagAnswer FlagDefinition::evaluate(const Variables& variables, LogicScratch& scratch) const {
  if (!enabled) return {Arm::legacy, FlagOutcome::disabled, {}, {}};
  const auto answer = [&](std::optional<std::size_t> variant, FlagOutcome outcome) {
    return FlagAnswer{variant ? variants[*variant].arm : Arm::legacy, outcome, variant, {}};
  };
  if (!targeting) return answer(default_variant, FlagOutcome::fixed);
  Occasion occasion{variables, scratch, key, bucketing, is_monolith, this};
  const Value value = targeting->evaluate(occasion);
  if (occasion.key_missing) return {Arm::legacy, FlagOutcome::no_key, {}, {}};
  FlagAnswer found = answer(default_variant, FlagOutcome::otherwise);
  if (!value.is_null()) {
    const auto variant = variant_of(value);
    found = answer(variant, variant ? FlagOutcome::targeting : FlagOutcome::unusable);
  }
  found.bucket = occasion.bucket;
  return found;
}

}  // namespace banyan::routing
