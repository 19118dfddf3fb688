#include "shadow/sampler.h"

#include <algorithm>

namespace banyan::shadow {

std::string_view to_string(Skip skip) {
  switch (skip) {
    case Skip::method:
      return "method";
    case Skip::upgrade:
      return "upgrade";
    case Skip::excluded:
      return "excluded";
    case Skip::direction:
      return "direction";
    case Skip::body_budget:
      return "body_budget";
    case Skip::marked:
      return "marked";
    case Skip::not_sent:
      return "not_sent";
    case Skip::conditional:
      return "conditional";
    case Skip::range:
      return "range";
    case Skip::sample:
      return "sample";
    case Skip::rolled_back:
      return "rolled_back";
    case Skip::in_flight:
      return "in_flight";
    case Skip::budget:
      return "budget";
    case Skip::connections:
      return "connections";
    case Skip::draining:
      return "draining";
    case Skip::strained:
      return "strained";
    case Skip::reask_budget:
      return "reask_budget";
    case Skip::cpu_budget:
      return "cpu_budget";
  }
  return "unknown";
}

namespace {

std::optional<Skip> asks_for_less(const Headers& headers) {
  for (const Header h : headers) {
    switch (h.id) {
      case HeaderId::if_match:
      case HeaderId::if_modified_since:
      case HeaderId::if_none_match:
      case HeaderId::if_unmodified_since:
        return Skip::conditional;
      case HeaderId::range:
        return Skip::range;
      default:
        break;
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Skip> eligible(const Sampling& sampling, const RequestHead& request,
                             std::uint32_t draw) {
  const auto& methods = sampling.methods;
  if (std::find(methods.begin(), methods.end(), request.method) == methods.end()) {
    return Skip::method;
  }
  if (const auto skip = asks_for_less(request.headers)) return skip;
  // Last, so that the share is one of the eligible exchanges.
  if (draw >= sampling.millipercent) return Skip::sample;
  return std::nullopt;
}

std::optional<Skip> eligible_call(const Sampling& sampling, std::string_view path,
                                  std::uint32_t draw) {
  const auto& named = sampling.grpc_methods;
  if (!std::binary_search(named.begin(), named.end(), path)) return Skip::method;
  if (draw >= sampling.millipercent) return Skip::sample;
  return std::nullopt;
}

}  // namespace banyan::shadow
