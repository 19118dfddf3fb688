// proxy/comparison/second_asking.h: what it takes to ask both arms again, and what they say then.
//
// Values only: they pass between a worker and the comparison thread.
#pragma once

#include <optional>
#include <string>

#include "base/arm.h"
#include "base/message.h"
#include "proxy/comparison/budget.h"
#include "shadow/capture.h"
#include "shadow/diff/comparison.h"

namespace banyan::comparison {

// A request that may be sent again: of a safe method, and all of its body is there.
struct Repeatable {
  Arm arm = Arm::legacy;  // that `head` was made for, as a shadow
  RequestHead head;
  std::optional<RequestHead> unformed;  // as any arm would get it, where one has a form of its own
  std::string matched;                  // the path_prefix of the rule
  std::string body;
  Headers trailers;
  Reservation reservation;
};

// Of both arms, or in a control of legacy alone.
struct SecondAnswers {
  shadow::Comparison first;  // what the first answers differ in
  bool asked = false;        // nothing kept the arms from being asked
  shadow::CapturedResponse legacy;
  shadow::CapturedResponse monolith;
  Reservation legacy_bytes;
  Reservation monolith_bytes;
};

}  // namespace banyan::comparison
