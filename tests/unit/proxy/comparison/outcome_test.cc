#include "proxy/comparison/outcome.h"

#include <gtest/gtest.h>

namespace banyan::comparison {
namespace {

using shadow::Outcome;

TEST(Outcome, SaysHowAnArmFailed) {
  EXPECT_EQ(outcome_of(ErrorCode::connect_refused), Outcome::refused);
  EXPECT_EQ(outcome_of(ErrorCode::connect_timeout), Outcome::timed_out);
  EXPECT_EQ(outcome_of(ErrorCode::response_timeout), Outcome::timed_out);
  EXPECT_EQ(outcome_of(ErrorCode::idle_timeout), Outcome::timed_out);
  EXPECT_EQ(outcome_of(ErrorCode::upstream_reset), Outcome::reset);
  EXPECT_EQ(outcome_of(ErrorCode::upstream_malformed), Outcome::malformed);
  EXPECT_EQ(outcome_of(ErrorCode::upstream_cut_off), Outcome::cut_off);
}

TEST(Outcome, OfALimitOrAClientIsNotTheArmsFaultAndNeverAnswered) {
  for (std::size_t i = 0; i < kErrorCodeCount; ++i) {
    EXPECT_NE(outcome_of(static_cast<ErrorCode>(i)), Outcome::answered) << i;
  }
  for (const ErrorCode code : {ErrorCode::client_closed, ErrorCode::pending_overflow,
                               ErrorCode::draining, ErrorCode::body_too_large}) {
    EXPECT_EQ(outcome_of(code), Outcome::abandoned);
  }
}

TEST(Outcome, OfAShadowThatMayNotHaveArrivedIsNobodysFault) {
  constexpr bool kSent = true;
  Error error{ErrorCode::upstream_reset, Side::upstream, Retry::if_repeatable, {}};
  EXPECT_EQ(shadow_outcome_of(error, kSent), Outcome::stale_connection);
  error.retry = Retry::unsafe;
  EXPECT_EQ(shadow_outcome_of(error, kSent), Outcome::reset);
  error.retry = Retry::safe;  // it was handed over, and the connection closed before it left
  EXPECT_EQ(shadow_outcome_of(error, kSent), Outcome::stale_connection);
  error.retry = Retry::unprocessed;  // as the upstream says
  EXPECT_EQ(shadow_outcome_of(error, kSent), Outcome::stale_connection);
  EXPECT_EQ(shadow_outcome_of(error, !kSent), Outcome::stale_connection);
  error.retry = Retry::safe;  // the upstream took the connection and reset it
  EXPECT_EQ(shadow_outcome_of(error, !kSent), Outcome::reset);
  error = {ErrorCode::upstream_malformed, Side::upstream, Retry::if_repeatable, {}};
  EXPECT_EQ(shadow_outcome_of(error, kSent), Outcome::malformed);
}

}  // namespace
}  // namespace banyan::comparison
