// shadow/report_words.h: readiness, waivers and latency in words, as all formats for people have
// them. Pure; plain text, of which only names of endpoints come from traffic.
#pragma once

#include <string>
#include <vector>

#include "shadow/difference_table.h"

namespace banyan::shadow {

// `ready`, `not ready`, `inconclusive`
[[nodiscard]] std::string_view words_for(Readiness readiness);
// `to monolith`: the direction that counts.
[[nodiscard]] std::string direction_words(const MigrationReport& judged);
// Why it is not ready, each a sentence's part; none where it is.
[[nodiscard]] std::vector<std::string> reasons_for(const MigrationReport& judged);
[[nodiscard]] std::vector<std::string> reasons_for(const MigrationReport& judged,
                                                   const EndpointReport& endpoint);
// `12,345 of 12,400 drawn exchanges were compared (99.56 %), by 812 sticky keys; 3 differ, …`
[[nodiscard]] std::string summary(const MigrationReport& judged);
// What is known of the rate: `between 0.01 % and 0.08 %, however often one looks (goal 0.1 %; …)`.
[[nodiscard]] std::string rate_words(const MigrationReport& judged);
// `p50 1.2 ms, p90 3.4 ms, p99 10 ms`; empty where nothing was measured.
[[nodiscard]] std::string latency_words(const Histogram& histogram);
// `waived until 2026-12-31: WHY`, `the waiver expired (until 2026-01-31): WHY`; not escaped.
[[nodiscard]] std::string waiver_words(const Waiver& waiver, bool holds);
// `first 2026-…, last 2026-…`; empty where it is not known.
[[nodiscard]] std::string seen_words(const Place& place);
// `10 over_budget, 2 timed_out`; of one direction.
[[nodiscard]] std::string counts_words(const WordCounts& counts);
// `12 of 345 mismatches to monolith came within …`; empty where there are none.
[[nodiscard]] std::string after_write_words(const MigrationReport& migration, Arm served_by);
// Entries for a file of waivers, for all that is not waived; at most `max`.
inline constexpr std::size_t kSnippetsMax = 10;
[[nodiscard]] std::string snippets(const MigrationReport& judged, WallTime now, std::size_t max);

}  // namespace banyan::shadow
