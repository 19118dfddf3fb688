#pragma once

#include <cstddef>

#include "bench/tools/outcome.h"

// What the two load generators share: how they are called, and what they say when.
namespace banyan::bench {

struct LoadOptions {
  std::size_t port = 0, requests = 0, connections = 16, answer_bytes = 1024, upload_bytes = 0,
              warm_up = 0, patience_s = 10;
  std::size_t rate = 0;  // of HTTP/1.1 only, as these
  bool new_connections = false, tls = false;
  std::size_t streams = 1;  // of HTTP/2 only, as this
  bool grpc = false;
};

enum class LoadProtocol { kHttp1, kHttp2 };

// Says how it is called and exits with 2 where it is called otherwise.
[[nodiscard]] LoadOptions read_load_options(int count, char** arguments, LoadProtocol protocol);

[[nodiscard]] bool is_warm(const Outcome& warm_up);  // says what went wrong otherwise
void say_warm_and_wait();
void report_and_wait(const Outcome& outcome);

// `load.run(requests)` sends that many and returns what came of them. The exit code.
template <typename Load>
int measure(Load& load, const LoadOptions& options) {
  if (options.warm_up > 0 && !is_warm(load.run(options.warm_up))) return 1;
  say_warm_and_wait();
  report_and_wait(load.run(options.requests));
  return 0;
}

}  // namespace banyan::bench
