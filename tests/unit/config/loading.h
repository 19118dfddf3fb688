// What a text's problems look like in a test: `LINE:COL PATH: MESSAGE`.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/load.h"

namespace banyan::config {

inline std::string in_short(const Problem& problem) {
  std::string text = std::to_string(problem.line) + ':' + std::to_string(problem.column) + ' ';
  if (!problem.path.empty()) text += problem.path + ": ";
  return text + problem.message;
}

inline std::vector<std::string> problems_of(std::string_view yaml) {
  std::vector<std::string> texts;
  for (const Problem& problem : load_text(yaml).problems) texts.push_back(in_short(problem));
  return texts;
}

// A whole file that is right; what a test adds begins in line 6.
inline constexpr std::string_view kBase = R"(listeners:
  - { name: ingress, bind: "127.0.0.1:8080" }
upstreams:
  old: { endpoints: ["127.0.0.1:9001"] }
  new: { endpoints: ["127.0.0.1:9002"] }
)";

inline std::string with(std::string_view more) { return std::string(kBase) + std::string(more); }

// The same with a migration, into which a test's keys go: they begin in line 11, column 5.
inline std::string with_migration(std::string_view more) {
  return with(
             "migrations:\n"
             "  - name: orders\n"
             "    match: [{ path_prefix: /orders }]\n"
             "    legacy: old\n"
             "    monolith: new\n"
             "    ") +
         std::string(more);
}

}  // namespace banyan::config
