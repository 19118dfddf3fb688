// config/load.h: from YAML to a Snapshot, with every problem in one pass.
//
// `run`, `validate` and reload use this same decoder. Pure but for reading the file
// and those that it names.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/snapshot.h"

namespace banyan::config {

inline constexpr std::size_t kFileBytesMax = 1024 * 1024;

struct Problem {
  std::size_t line = 0;    // 1-based; 0 where there is no place (the file can not be read)
  std::size_t column = 0;  // 1-based, in characters
  std::string path;        // `migrations[0].shadow.sampel`, may be empty
  std::string message;     // `unknown key (did you mean "sample"?)`
  std::string source;      // the source line, may be empty
};

// `FILE:LINE:COL: error: PATH: MESSAGE`, the source line and a caret under the column, each ended
// by a newline.
[[nodiscard]] std::string to_text(std::string_view file, const Problem& problem);

// A file that the configuration names. Whether it exists is not looked at here.
struct NamedFile {
  std::string file;
  Problem at;  // its place, for who finds something wrong with it; no message yet
};

// Whether files that the configuration names, such as a secret, are read, or taken to be right.
enum class Files : std::uint8_t { read, leave_out };

struct Loaded {
  std::shared_ptr<const Snapshot> snapshot;  // nullptr where there are problems
  std::vector<Problem> problems;             // in the order of their places
  std::vector<NamedFile> files;
  // The places of what only proxy/net can judge, by their path: no message yet.
  std::vector<Problem> tls_values;
  // The files of snapshot->flags.sources, for who wants to know whether they can be used. Not among
  // `files`: a bad one stops nothing.
  std::vector<NamedFile> flag_files = {};
};

[[nodiscard]] Loaded load_text(std::string_view yaml, Files files = Files::read);
[[nodiscard]] Loaded load_file(const std::string& path, Files files = Files::read);

// The keys that are fixed at start and differ between the two, by their path (`workers`,
// `state_dir`, `admin.bind`, `health.bind`).
[[nodiscard]] std::vector<std::string> fixed_keys_changed(const Snapshot& running,
                                                          const Snapshot& next);

}  // namespace banyan::config
