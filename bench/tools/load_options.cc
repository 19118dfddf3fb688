#include "bench/tools/load_options.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>

#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

[[noreturn]] void usage(LoadProtocol protocol) {
  const bool is_http2 = protocol == LoadProtocol::kHttp2;
  std::fprintf(stderr,
               "usage: %s --port P --requests N [--connections C] [--answer BYTES]\n"
               "       [--upload BYTES] [--warm-up N] [--patience SECONDS] %s\n",
               is_http2 ? "bench_load_http2" : "bench_load",
               is_http2 ? "[--streams S] [--grpc]" : "[--rate R] [--new-connections] [--tls]");
  std::exit(2);
}

void wait_for_a_line() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) == 1 && byte != '\n') {
  }
}

}  // namespace

LoadOptions read_load_options(int count, char** arguments, LoadProtocol protocol) {
  LoadOptions options;
  std::map<std::string_view, std::size_t*> numbers = {{"--port", &options.port},
                                                      {"--requests", &options.requests},
                                                      {"--connections", &options.connections},
                                                      {"--answer", &options.answer_bytes},
                                                      {"--upload", &options.upload_bytes},
                                                      {"--warm-up", &options.warm_up},
                                                      {"--patience", &options.patience_s}};
  std::map<std::string_view, bool*> switches;
  if (protocol == LoadProtocol::kHttp1) {
    numbers["--rate"] = &options.rate;
    switches = {{"--new-connections", &options.new_connections}, {"--tls", &options.tls}};
  } else {
    numbers["--streams"] = &options.streams;
    switches = {{"--grpc", &options.grpc}};
  }
  for (int i = 1; i < count; ++i) {
    if (const auto found = switches.find(arguments[i]); found != switches.end()) {
      *found->second = true;
      continue;
    }
    const auto found = numbers.find(arguments[i]);
    if (found == numbers.end() || ++i == count) usage(protocol);
    if ((*found->second = number(arguments[i], kNone)) == kNone) usage(protocol);
  }
  if (options.port == 0 || options.port > 65535 || options.requests == 0 ||
      options.connections == 0 || options.streams == 0) {
    usage(protocol);
  }
  return options;
}

bool is_warm(const Outcome& warm_up) {
  if (warm_up.errors == 0) return true;
  std::fprintf(stderr, "%zu errors: %s\n", warm_up.errors, warm_up.first_error.c_str());
  return false;
}

void say_warm_and_wait() {
  std::printf("warm\n");
  std::fflush(stdout);
  wait_for_a_line();
}

void report_and_wait(const Outcome& outcome) {
  std::printf("%s\n", to_json(outcome).c_str());
  std::fflush(stdout);
  wait_for_a_line();
}

}  // namespace banyan::bench
