#include "config/flag_share.h"

#include <cmath>

namespace banyan::config {
namespace {

using routing::Share;

Share of_variant(const routing::FlagDefinition& flag, std::optional<std::size_t> variant) {
  return variant && flag.variants[*variant].arm == Arm::monolith ? routing::kEverybody
                                                                 : routing::kNobody;
}

Share of_weights(const routing::FlagDefinition& flag, const Node& parts) {
  double total = 0;
  double monolith = 0;
  for (const Node& part : parts.items) {
    if (part.kind != Node::Kind::sequence) continue;            // the key
    if (part.items.size() > 1 && !part.items[1].is_scalar()) {  // computed
      return of_variant(flag, flag.default_variant);
    }
    const double weight = part.items.size() > 1 ? routing::to_number(part.items[1].text) : 1;
    total += weight;
    const auto variant = flag.variant_of(routing::Value::of(std::string_view(part.items[0].text)));
    if (variant && flag.variants[*variant].arm == Arm::monolith) monolith += weight;
  }
  if (!(total > 0)) return of_variant(flag, flag.default_variant);
  return {static_cast<std::uint32_t>(std::lround(monolith / total * routing::kBuckets))};
}

const Node* argument_of(const Node& node, std::string_view operation) {
  const bool is_it =
      node.kind == Node::Kind::mapping && node.keys.size() == 1 && node.keys[0].text == operation;
  return is_it ? &node.items[0] : nullptr;
}

}  // namespace

routing::Share share_of_the_rest(const routing::FlagDefinition& flag, const Node* targeting,
                                 const Evaluators& evaluators) {
  if (!flag.enabled) return routing::kNobody;
  const Node* node = targeting;
  // Deeper rules were refused.
  for (std::size_t depth = 0; node != nullptr && depth <= routing::kLogicDepthMax; ++depth) {
    if (const Node* const name = argument_of(*node, "$ref")) {
      const auto found = evaluators.find(name->text);
      node = found == evaluators.end() ? nullptr : &found->second.node;
    } else if (const Node* const branches = argument_of(*node, "if")) {
      node = branches->items.size() % 2 == 1 ? &branches->items.back() : nullptr;
    } else if (const Node* const parts = argument_of(*node, "fractional")) {
      return of_weights(flag, *parts);
    } else if (node->is_scalar() && !node->is_null()) {
      return of_variant(flag, flag.variant_of(routing::Value::of(std::string_view(node->text))));
    } else {
      node = nullptr;
    }
  }
  return of_variant(flag, flag.default_variant);
}

}  // namespace banyan::config
