// proxy/exchange/shadow_copy.h: what an exchange keeps for its shadow until that is launched.
//
//   none --admit()--> [body --take_body()*, take_trailers()?-->] whole --take()--> none
//                        \-- over a budget, given up --> none
//
// A shadow is launched only when the whole request is held: half a body is never sent.
#pragma once

#include <optional>
#include <string>
#include <utility>

#include "base/bytes.h"
#include "base/headers.h"
#include "proxy/comparison/budget.h"

namespace banyan::exchange {

class ShadowCopy {
 public:
  // Of one request, with its memory against the budgets.
  struct Body {
    std::string bytes;
    Headers trailers;
    comparison::Reservation reservation;
  };

  // `body` where the request has one.
  void admit(comparison::Admission admission, std::optional<comparison::Reservation> body) {
    admission_ = std::move(admission);
    whole_ = !body;
    body_ = {{}, {}, body ? std::move(*body) : comparison::Reservation()};
  }
  explicit operator bool() const { return static_cast<bool>(admission_); }
  [[nodiscard]] bool whole() const { return admission_ && whole_; }

  // False where it does not fit: there is no shadow any more.
  [[nodiscard]] bool take_body(Bytes bytes) {
    if (!admission_) return true;
    if (!body_.reservation.grow(bytes.size())) {
      give_up();
      return false;
    }
    body_.bytes.append(bytes);
    return true;
  }
  // The same; behind the body.
  [[nodiscard]] bool take_trailers(const Headers& trailers) {
    if (!admission_) return true;
    body_.trailers = trailers;
    if (body_.reservation.grow(body_.trailers.bytes())) return true;
    give_up();
    return false;
  }
  void body_ended() { whole_ = true; }

  // Whether there was something to give up.
  bool give_up() {
    const bool was_admitted = static_cast<bool>(admission_);
    comparison::Admission ended = std::move(admission_);
    body_ = {};
    return was_admitted;
  }
  // Of a whole one; once.
  [[nodiscard]] std::pair<comparison::Admission, Body> take() {
    return {std::move(admission_), std::move(body_)};
  }

 private:
  comparison::Admission admission_;
  Body body_;
  bool whole_ = false;
};

}  // namespace banyan::exchange
