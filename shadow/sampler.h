// shadow/sampler.h: which exchanges get a shadow. Pure; drawn before any answer is known, and
// independent of the bucket that chose the arm.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/message.h"

namespace banyan::shadow {

enum class Skip : std::uint8_t {
  method,       // not one of shadow.methods, of gRPC calls not one of shadow.grpc_methods
  upgrade,      // it asks for another protocol: a tunnel has no answer to compare
  excluded,     // shadow.exclude
  direction,    // shadow.direction
  body_budget,  // the request's body does not fit the budgets
  marked,       // a shadow itself, and trusted to be one
  not_sent,     // the primary's request did not leave whole, or was answered before it had
  conditional,  // If-*: the answer depends on which arm was asked before
  range,        // a part, which the other arm may cut otherwise
  sample,       // not drawn
  rolled_back,  // a latched migration sends nothing to the monolith
  in_flight,    // shadow.max_in_flight
  budget,       // shadow.budget.migration or shadow_budget
  connections,  // shadow.max_connections
  draining,
  strained,      // the other arm's upstream has requests of clients waiting or failing
  reask_budget,  // of a second asking: compare.reask
  cpu_budget,    // of a pair, which was not looked at: compare.cpu_budget
};
inline constexpr std::size_t kSkipCount = static_cast<std::size_t>(Skip::cpu_budget) + 1;
// The word in `banyan_shadow_skipped_total{reason}`.
[[nodiscard]] std::string_view to_string(Skip skip);

struct Sampling {
  std::uint32_t millipercent = 100'000;  // of the eligible exchanges
  std::vector<Method> methods = {Method::get, Method::head, Method::options};
  std::vector<std::string> grpc_methods;  // their paths, /SERVICE/METHOD, in order
};

// Why this request gets no shadow, or nothing. `draw`: uniform over 0..99'999.
[[nodiscard]] std::optional<Skip> eligible(const Sampling& sampling, const RequestHead& request,
                                           std::uint32_t draw);
// The same for a gRPC call, by its path: only what is named, since every call is a POST, and no
// proxy can tell which of them change something.
[[nodiscard]] std::optional<Skip> eligible_call(const Sampling& sampling, std::string_view path,
                                                std::uint32_t draw);

// Controls are drawn among the exchanges with a shadow, for they have legacy's answer in hand: how
// many of these make `control` of all. Both in millipercent; where there are too few: all of them.
[[nodiscard]] constexpr std::uint32_t control_among_shadows(std::uint32_t control,
                                                            std::uint32_t sample) {
  constexpr std::uint64_t kAll = 100'000;
  if (control >= sample) return control == 0 ? 0 : kAll;
  return static_cast<std::uint32_t>(control * kAll / sample);
}

}  // namespace banyan::shadow
