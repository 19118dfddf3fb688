#include "shadow/diff/comparison.h"

#include "shadow/diff/body_diff.h"
#include "shadow/diff/findings.h"
#include "shadow/diff/grpc_diff.h"
#include "shadow/diff/grpc_fields.h"
#include "shadow/diff/header_diff.h"

namespace banyan::shadow {
namespace {

bool is_ours(Outcome outcome) {
  return outcome == Outcome::over_budget || outcome == Outcome::abandoned ||
         outcome == Outcome::stale_connection;
}

Comparison not_comparable(Outcome outcome) {
  Comparison comparison;
  comparison.verdict = Verdict::not_comparable;
  comparison.why_not = to_string(outcome);
  return comparison;
}

// Told at `status`, where the other arm's says what was owed. No rule ignores it.
Comparison no_answer(const CapturedPair& pair) {
  const auto shown = [](const CapturedResponse& response) {
    return response.outcome == Outcome::answered ? std::to_string(response.status)
                                                 : std::string(to_string(response.outcome));
  };
  Comparison comparison;
  comparison.verdict = Verdict::mismatch;
  comparison.differences.push_back({"status", Kind::no_answer, shown(pair.legacy),
                                    shown(pair.monolith), Verdict::mismatch, Holds::description});
  return comparison;
}

HeaderContext context_of(const CapturedPair& pair) {
  HeaderContext context;
  context.authority = pair.authority;
  if (!pair.legacy.headers.has(HeaderId::content_encoding) &&
      !pair.monolith.headers.has(HeaderId::content_encoding)) {
    return context;
  }
  context.codings_differ = codings_of(pair.legacy) != codings_of(pair.monolith);
  context.codings_are_off = have_known_codings(pair.legacy, pair.monolith);
  return context;
}

void compare_parts(const CapturedPair& pair, Findings& findings) {
  const CapturedResponse& left = pair.legacy;
  const CapturedResponse& right = pair.monolith;
  if (is_grpc(left) && is_grpc(right)) {
    const auto [a, b] = grpc_fields(left, right);
    compare_headers(a.headers, b.headers, findings, context_of(pair));
    compare_bodies(left, right, findings, pair.target);
    compare_trailers(a.trailers, b.trailers, findings);
  } else {
    if (!equal_headers(left.headers, right.headers)) {
      compare_headers(left.headers, right.headers, findings, context_of(pair));
    }
    compare_bodies(left, right, findings, pair.target);
    if (!equal_headers(left.trailers, right.trailers)) {
      compare_trailers(left.trailers, right.trailers, findings);
    }
  }
}

}  // namespace

std::string_view to_string(Kind kind) {
  switch (kind) {
    case Kind::missing:
      return "missing";
    case Kind::extra:
      return "extra";
    case Kind::type:
      return "type";
    case Kind::value:
      return "value";
    case Kind::order:
      return "order";
    case Kind::length:
      return "length";
    case Kind::no_answer:
      return "no_answer";
    case Kind::flaky:
      return "flaky";
  }
  return "unknown";
}

std::string_view to_string(Verdict verdict) {
  switch (verdict) {
    case Verdict::match:
      return "match";
    case Verdict::noise:
      return "noise";
    case Verdict::transient:
      return "transient";
    case Verdict::mismatch:
      return "mismatch";
    case Verdict::not_comparable:
      return "not_comparable";
  }
  return "unknown";
}

Comparison compare(const CapturedPair& pair, const CompareRules& rules) {
  const CapturedResponse& primary = pair.primary == Arm::legacy ? pair.legacy : pair.monolith;
  const CapturedResponse& shadow = pair.primary == Arm::legacy ? pair.monolith : pair.legacy;
  if (primary.outcome != Outcome::answered) return not_comparable(primary.outcome);
  if (is_ours(shadow.outcome)) return not_comparable(shadow.outcome);
  if (shadow.outcome != Outcome::answered) return no_answer(pair);

  Comparison comparison;
  comparison.for_shapes = rules.for_shapes;
  Findings findings(rules, comparison);
  if (pair.legacy.status != pair.monolith.status) {
    findings.add(
        Kind::value, [] { return std::string("status"); },
        [&pair] { return std::to_string(pair.legacy.status); },
        [&pair] { return std::to_string(pair.monolith.status); }, Holds::description);
  }
  compare_parts(pair, findings);
  const bool equal = comparison.differences.empty() && comparison.left_out == 0;
  comparison.verdict = equal ? Verdict::match : Verdict::mismatch;
  // A body over a limit hides nothing that was found elsewhere.
  if (equal && !comparison.why_not.empty()) comparison.verdict = Verdict::not_comparable;
  if (!equal) comparison.why_not.clear();
  return comparison;
}

bool plainly_equal(const CapturedResponse& a, const CapturedResponse& b) {
  return a.outcome == Outcome::answered && b.outcome == Outcome::answered && a.status == b.status &&
         a.body == b.body && equal_headers(a.headers, b.headers) &&
         equal_headers(a.trailers, b.trailers);
}

}  // namespace banyan::shadow
