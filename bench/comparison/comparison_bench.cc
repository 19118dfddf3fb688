// What a comparison costs, by what it has to do. The bytes of a rate are those of both sides.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "bench/comparison/bodies.h"
#include "shadow/diff/comparison.h"
#include "shadow/diff/json_tape.h"
#include "shadow/diff/proto_schema.h"

namespace banyan::bench {
namespace {

using benchmark::State;
using shadow::CapturedPair;
using shadow::CapturedResponse;
using shadow::CompareRules;
using shadow::Verdict;

constexpr std::string_view kJson = "application/json";

std::size_t size_of(const State& state) { return static_cast<std::size_t>(state.range(0)); }
int count_of(const State& state) { return static_cast<int>(state.range(0)); }

void ignore(CompareRules& rules, std::string_view path) {
  PathPattern::ParseError error{};
  if (!PathPattern::parse(path, rules.ignore.emplace_back(), error)) std::abort();
}

// Stops where the verdict is not the one that is meant to be measured.
void run(State& state, const CapturedPair& pair, const CompareRules& rules, Verdict expected) {
  if (shadow::compare(pair, rules).verdict != expected) {
    state.SkipWithError("another verdict than expected");
    return;
  }
  for (auto _ : state) benchmark::DoNotOptimize(shadow::compare(pair, rules));
  const std::size_t bytes = pair.legacy.body.size() + pair.monolith.body.size();
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
}

void run_bodies(State& state, std::string_view type, std::string left, std::string right,
                const CompareRules& rules = {}, Verdict expected = Verdict::mismatch) {
  run(state, pair_of(answer(type, std::move(left)), answer(type, std::move(right))), rules,
      expected);
}

// On the worker: nothing is parsed.
void equal_bytes(State& state) {
  const CapturedResponse left = answer(kJson, order(size_of(state), 1));
  const CapturedResponse right = left;
  for (auto _ : state) benchmark::DoNotOptimize(shadow::plainly_equal(left, right));
  state.SetBytesProcessed(state.iterations() * 2 * static_cast<std::int64_t>(left.body.size()));
}
BENCHMARK(equal_bytes)->Arg(1 << 10)->Arg(2 << 10)->Arg(64 << 10);

void json_tape(State& state) {
  const std::string body = order(size_of(state), 1);
  shadow::JsonTape tape;
  for (auto _ : state) benchmark::DoNotOptimize(tape.parse(body));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(body.size()));
}
BENCHMARK(json_tape)->Arg(2 << 10)->Arg(64 << 10)->Arg(5 << 20);

void json_other_spelling(State& state) {
  run_bodies(state, kJson, order(size_of(state), 1), " " + order(size_of(state), 1), {},
             Verdict::match);
}
BENCHMARK(json_other_spelling)->Arg(2 << 10);

// A time and an id differ, and are told.
void json_two_values(State& state) {
  run_bodies(state, kJson, order(size_of(state), 1), order(size_of(state), 2));
}
BENCHMARK(json_two_values)->Arg(2 << 10)->Arg(64 << 10)->Arg(5 << 20);

// The same, and a rule ignores both.
void json_noise_only(State& state) {
  CompareRules rules;
  ignore(rules, "$.updated_at");
  ignore(rules, "$.trace");
  run_bodies(state, kJson, order(size_of(state), 1), order(size_of(state), 2), rules,
             Verdict::match);
}
BENCHMARK(json_noise_only)->Arg(2 << 10)->Arg(64 << 10);

void json_reordered_members(State& state) {
  run_bodies(state, kJson, order(size_of(state), 1), reordered_order(size_of(state), 1), {},
             Verdict::match);
}
BENCHMARK(json_reordered_members)->Arg(2 << 10);

void list_one_inserted(State& state) {
  const int count = count_of(state);
  run_bodies(state, kJson, list(count, -1), list(count, count / 2));
}
BENCHMARK(list_one_inserted)->Arg(40)->Arg(100'000);

void list_reversed(State& state) {
  run_bodies(state, kJson, list(count_of(state), -1), reversed_list(count_of(state)));
}
BENCHMARK(list_reversed)->Arg(40)->Arg(100'000);

void list_unordered(State& state) {
  CompareRules rules;
  PathPattern::ParseError error{};
  if (!PathPattern::parse("$", rules.unordered.emplace_back(), error)) std::abort();
  run_bodies(state, kJson, list(count_of(state), -1), reversed_list(count_of(state)), rules,
             Verdict::match);
}
BENCHMARK(list_unordered)->Arg(40)->Arg(100'000);

void ndjson_one_inserted(State& state) {
  const auto separate = [](std::string text) {
    std::string out = text.substr(1, text.size() - 2);
    for (std::size_t i = 1; i < out.size(); ++i) {
      if (out[i] == ',' && out[i - 1] == '}') out[i] = '\n';
    }
    return out;
  };
  const int count = count_of(state);
  run_bodies(state, "application/x-ndjson", separate(list(count, -1)),
             separate(list(count, count / 2)));
}
BENCHMARK(ndjson_one_inserted)->Arg(40)->Arg(100'000);

void grpc_by_wire(State& state) {
  run_bodies(state, "application/grpc", grpc_stream(count_of(state), 100),
             grpc_stream(count_of(state), 101));
}
BENCHMARK(grpc_by_wire)->Arg(10)->Arg(10'000);

void grpc_by_descriptor(State& state) {
  std::string error;
  CompareRules rules;
  rules.descriptors = shadow::ProtoSchema::parse(order_descriptors(), error);
  run_bodies(state, "application/grpc", grpc_stream(count_of(state), 100),
             grpc_stream(count_of(state), 101), rules);
}
BENCHMARK(grpc_by_descriptor)->Arg(10)->Arg(10'000);

void text_one_line_inserted(State& state) {
  const int count = count_of(state);
  run_bodies(state, "text/plain", lines(count, -1), lines(count, count / 2));
}
BENCHMARK(text_one_line_inserted)->Arg(40)->Arg(90'000);

void binary(State& state) {
  std::string left(size_of(state), '\0');
  std::string right = left;
  right.back() = 'x';
  run_bodies(state, "application/octet-stream", std::move(left), std::move(right));
}
BENCHMARK(binary)->Arg(2 << 10)->Arg(5 << 20);

void form(State& state) {
  std::string left;
  for (int i = 0; left.size() + 40 < size_of(state); ++i) {
    left += "name" + std::to_string(i) + "=a+value+with+%C3%A4&";
  }
  run_bodies(state, "application/x-www-form-urlencoded", left + "last=1", left + "last=2");
}
BENCHMARK(form)->Arg(2 << 10);

// Bytes are those before the coding.
void gzip_noise_only(State& state) {
  CompareRules rules;
  ignore(rules, "$.updated_at");
  ignore(rules, "$.trace");
  CapturedResponse left = answer(kJson, gzipped(order(size_of(state), 1)));
  CapturedResponse right = answer(kJson, gzipped(order(size_of(state), 2)));
  left.headers.add("content-encoding", "gzip");
  right.headers.add("content-encoding", "gzip");
  run(state, pair_of(std::move(left), std::move(right)), rules, Verdict::match);
  state.SetBytesProcessed(state.iterations() * 2 *
                          static_cast<std::int64_t>(order(size_of(state), 1).size()));
}
BENCHMARK(gzip_noise_only)->Arg(2 << 10)->Arg(64 << 10);

}  // namespace
}  // namespace banyan::bench

BENCHMARK_MAIN();
