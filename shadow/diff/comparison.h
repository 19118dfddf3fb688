// shadow/diff/comparison.h: two answers in, where they disagree out.
//
// Pure, and safe on any thread. `legacy` is always the left side, whichever arm served the client.
//
//   status and headers as lists -> body by kind: JSON by structure, anything else by bytes
//                               -> trailers as headers are
//
// JSON: the order of members does not matter, numbers are equal by exact decimal value, `null` is
// not a missing member; arrays are compared by position.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"
#include "shadow/capture.h"

namespace banyan::shadow {

enum class Kind : std::uint8_t {
  missing,  // not on the right
  extra,    // only on the right
  type,     // a number here, a string there
  value,
  order,
  length,     // arrays of different length; bodies of different size
  no_answer,  // an answer was owed and did not come
};
[[nodiscard]] std::string_view to_string(Kind kind);

struct Difference {
  std::string path;  // `$.a[0].b`, `header:x-y` and `trailer:x-y` in lower case, `status`, `body`
  Kind kind = Kind::value;
  std::string left;  // as written, cut to kShownBytesMax, not yet redacted
  std::string right;
};

enum class Verdict : std::uint8_t { match, noise, transient, mismatch, not_comparable };
[[nodiscard]] std::string_view to_string(Verdict verdict);
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::not_comparable) + 1;

struct CompareRules {
  std::vector<PathPattern> ignore;
  // Differences reported of one pair, at most; more are counted in `left_out`.
  std::size_t differences_max = 200;
};

struct Comparison {
  Verdict verdict = Verdict::match;
  std::vector<Difference> differences;
  std::size_t left_out = 0;
  std::string why_not;  // for not_comparable: a bounded set of words (an Outcome's)
};

inline constexpr std::size_t kShownBytesMax = 200;

// An answer that the shadow owed and did not give while the primary answered is a mismatch
// (no_answer); what failed for a reason of ours (over_budget, abandoned, stale_connection), or
// where the primary did not answer, is not_comparable.
[[nodiscard]] Comparison compare(const CapturedPair& pair, const CompareRules& rules);

// The cheap question that most pairs are settled by, on the worker: status, compared headers,
// trailers and body bytes the same. True means compare() would say match.
[[nodiscard]] bool plainly_equal(const CapturedResponse& a, const CapturedResponse& b);

}  // namespace banyan::shadow
