// proxy/comparison/recording.h: writes down one arm's answer as it passes, within its budget.
#pragma once

#include <chrono>
#include <utility>

#include "base/bytes.h"
#include "base/message.h"
#include "proxy/comparison/budget.h"
#include "shadow/capture.h"

namespace banyan::comparison {

// A body that does not fit is dropped and the recording says so; whatever passes by does not
// notice.
class Recording {
 public:
  Recording() = default;
  explicit Recording(Reservation reservation) : reservation_(std::move(reservation)) {}

  // `head`: hop-by-hop fields were taken off.
  void head(const ResponseHead& head) {
    response_.status = head.status;
    response_.headers = head.headers;
    if (!reservation_.grow(response_.headers.bytes())) overflow();
    if (head.content_length && head.framing == Framing::content_length) {
      reserve_body(*head.content_length);
    }
  }
  void body(Bytes bytes) {
    if (over_budget()) return;
    if (response_.body.size() + bytes.size() > reserved_body_) reserve_body(bytes.size());
    if (!over_budget()) response_.body.append(bytes);
  }
  void trailers(const Headers& trailers) {
    if (over_budget()) return;
    response_.trailers = trailers;
    if (!reservation_.grow(response_.trailers.bytes())) overflow();
  }
  [[nodiscard]] bool over_budget() const {
    return response_.outcome == shadow::Outcome::over_budget;
  }

  struct Finished {
    shadow::CapturedResponse response;
    Reservation reservation;
  };
  // `outcome` counts unless the budget ended the recording before.
  [[nodiscard]] Finished finish(shadow::Outcome outcome, std::chrono::microseconds latency) {
    if (!over_budget()) response_.outcome = outcome;
    response_.latency = latency;
    return {std::move(response_), std::move(reservation_)};
  }

 private:
  void reserve_body(std::uint64_t more) {
    if (over_budget()) return;
    if (!reservation_.grow(more)) return overflow();
    reserved_body_ += more;
    response_.body.reserve(reserved_body_);
  }
  void overflow() {
    response_.outcome = shadow::Outcome::over_budget;
    std::string().swap(response_.body);
    response_.trailers = {};
    reservation_.give_back();
  }

  Reservation reservation_;
  shadow::CapturedResponse response_;
  std::uint64_t reserved_body_ = 0;
};

}  // namespace banyan::comparison
