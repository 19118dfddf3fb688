#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace banyan::bench {

using Nanoseconds = std::vector<std::int64_t>;

// What came of a run of the load generator. Every latency is kept, so percentiles are exact.
struct Outcome {
  std::map<std::string, Nanoseconds> latencies;  // by who served
  Nanoseconds lateness;                          // how long after it was due a request was sent
  std::size_t errors = 0;
  std::string first_error;
  std::int64_t took_ns = 0;
};

// One line of JSON; times in microseconds.
[[nodiscard]] std::string to_json(const Outcome& outcome);

}  // namespace banyan::bench
