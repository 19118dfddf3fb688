// routing/request_variables.h: what a rule may ask of a request.
//
//   targetingKey   the sticky value        headers.NAME   the first value that is not empty
//   method path    path: normalised        cookies.NAME
//   host           lower case, no port     $flagd.flagKey
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "routing/logic.h"
#include "routing/sticky_key.h"

namespace banyan::routing {

class RequestVariables final : public Variables {
 public:
  // Both outlive it.
  RequestVariables(const Route& route, const KeyPlaces& places) : route_(route), places_(places) {}

  [[nodiscard]] Value find(std::string_view name, LogicScratch& scratch) const override;
  // The rule asked for a key, and there was none but a new one.
  [[nodiscard]] bool has_issued_key() const { return has_issued_key_; }

 private:
  [[nodiscard]] std::optional<std::string_view> key() const;
  [[nodiscard]] Value host(LogicScratch& scratch) const;
  [[nodiscard]] Value path(LogicScratch& scratch) const;

  const Route& route_;
  const KeyPlaces& places_;
  mutable std::optional<std::string_view> key_;  // once it was asked for
  mutable bool has_looked_ = false;
  mutable bool has_issued_key_ = false;
};

}  // namespace banyan::routing
