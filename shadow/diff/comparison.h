// shadow/diff/comparison.h: two answers in, where they disagree out.
//
// Pure, and safe on any thread. `legacy` is always the left side, whichever arm served the client.
//
//   status and headers as lists -> body by kind: JSON by structure, anything else by bytes
//                               -> trailers as headers are
//
// JSON: the order of members does not matter, numbers are equal by exact decimal value, `null` is
// not a missing member; arrays are aligned, so that one inserted element is one difference.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/path_pattern.h"
#include "shadow/capture.h"
#include "shadow/diff/endpoint_template.h"

namespace banyan::shadow {

class ProtoSchema;  // shadow/diff/proto_schema.h
class SchemaSlot;   // shadow/diff/schema_slot.h

enum class Kind : std::uint8_t {
  missing,  // not on the right
  extra,    // only on the right
  type,     // a number here, a string there
  value,
  order,
  length,     // arrays of different length; bodies of different size
  no_answer,  // an answer was owed and did not come
  flaky,      // the monolith agreed when it was asked again, and legacy had not changed its mind
};
inline constexpr std::size_t kKindCount = static_cast<std::size_t>(Kind::flaky) + 1;
[[nodiscard]] std::string_view to_string(Kind kind);

enum class Verdict : std::uint8_t { match, noise, transient, mismatch, not_comparable };
[[nodiscard]] std::string_view to_string(Verdict verdict);
inline constexpr std::size_t kVerdictCount = static_cast<std::size_t>(Verdict::not_comparable) + 1;

// What a difference has of a value.
enum class Holds : std::uint8_t {
  value,
  description,  // a status, an Outcome, a count: nothing of what was sent
  bytes,        // size, first byte that differs, and where it is safe an excerpt or a hash
};

struct Difference {
  std::string path;  // `$.a[0].b`, `header:x-y` and `trailer:x-y` in lower case, `status`, `body`
  Kind kind = Kind::value;
  std::string left;  // as written, cut to kShownBytesMax, not yet redacted
  std::string right;
  // What it counts as: compare() itself knows of no noise. `not_comparable`: not known yet.
  Verdict verdict = Verdict::mismatch;
  Holds holds = Holds::value;
};

// The elements of the array at this very place are paired by the value of one member.
struct KeyedRule {
  PathPattern at;
  std::string member;
};

// How far apart two values at this very place may be and still count as equal.
struct ToleranceRule {
  PathPattern at;
  std::string number;                 // a JSON number, not negative; empty where it is a time
  std::chrono::milliseconds time{0};  // between two strings of RFC 3339
};

inline constexpr std::size_t kShownBytesMax = 200;
inline constexpr std::size_t kHashedBytesMax = std::size_t{64} << 10;

// Of one place, the first rule that names it counts.
struct CompareRules {
  std::vector<PathPattern> ignore;     // these places and all below
  std::vector<PathPattern> unordered;  // arrays whose order means nothing
  std::vector<KeyedRule> keyed;
  std::vector<ToleranceRule> tolerance;
  std::shared_ptr<const ProtoSchema> descriptors;  // may be absent
  std::shared_ptr<SchemaSlot> described;           // by a server, where it is asked instead
  EndpointTemplates endpoints;                     // how targets are counted, not what differs
  // Differences reported of one pair, at most; more are counted in `left_out`.
  std::size_t differences_max = 200;
  // Of a value that is shown.
  std::size_t shown_bytes_max = kShownBytesMax;
  // Nobody will see the values, only their shapes: they are whole, up to shown_bytes_max, and of
  // bytes there is a hash and no excerpt.
  bool for_shapes = false;
};

// How two bodies that differ were read.
struct BodyReading {
  std::string_view kind;  // `json`, `json_sequence`, `form`, `multipart`, `grpc`, `text`, `bytes`
  // Why a side could not be read as what it says it is; empty where it could.
  std::string_view left_problem;
  std::string_view right_problem;
};

struct Comparison {
  Verdict verdict = Verdict::match;
  std::vector<Difference> differences;
  std::size_t left_out = 0;
  BodyReading body;
  bool for_shapes = false;  // as the rules have it
  std::string why_not;  // for not_comparable: a bounded set of words: an Outcome's, or kReaskBudget
};

// An answer that the shadow owed and did not give while the primary answered is a mismatch
// (no_answer); what failed for a reason of ours (over_budget, abandoned, stale_connection), or
// where the primary did not answer, is not_comparable.
[[nodiscard]] Comparison compare(const CapturedPair& pair, const CompareRules& rules);

// The cheap question that most pairs are settled by, on the worker: status, compared headers,
// trailers and body bytes the same. True means compare() would say match.
[[nodiscard]] bool plainly_equal(const CapturedResponse& a, const CapturedResponse& b);

}  // namespace banyan::shadow
