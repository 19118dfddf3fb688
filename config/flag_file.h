// config/flag_file.h: flag definitions as flagd has them (schema v0), from a file or from `flags:`.
//
//   { "flags": { KEY: { "state": "ENABLED" | "DISABLED",
//                       "variants": { NAME: "legacy" | "monolith", ... },
//                       "defaultVariant": NAME | null, "targeting": { OPERATOR: ... } } },
//     "$evaluators": { NAME: { OPERATOR: ... } } }
//
// A flag of another program may stand in the same file: one that no migration follows and none of
// whose variants is legacy or monolith is passed over. Pure but for reading the file.
#pragma once

#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "config/cursor.h"
#include "config/load.h"
#include "config/logic_compiler.h"
#include "routing/flag_definition.h"

namespace banyan::config {

inline constexpr std::size_t kFlagFileBytesMax = 4 * 1024 * 1024;
inline constexpr std::size_t kFlagFileFlagsMax = 10'000;
inline constexpr std::size_t kVariantsMax = 100;
inline constexpr std::size_t kEvaluatorsMax = 1'000;

using FlagDefinitionPtr = std::shared_ptr<const routing::FlagDefinition>;
using FlagDefinitions = std::map<std::string, FlagDefinitionPtr, std::less<>>;
// Those that a migration follows.
using FlagNames = std::set<std::string, std::less<>>;

struct FlagFile {
  FlagDefinitions flags;
  std::vector<Problem> warnings;  // flags that nothing uses
};

// The flags, or every problem of the text.
[[nodiscard]] tl::expected<FlagFile, std::vector<Problem>> parse_flag_file(
    std::string_view text, const FlagNames& used, routing::Bucketing bucketing);
// The bytes of one; the error is for people.
[[nodiscard]] Read<std::string> read_flag_file(const std::string& path);
// As to_text() of a problem.
[[nodiscard]] std::string warning_text(std::string_view file, const Problem& warning);

// One definition; nothing after problems.
[[nodiscard]] FlagDefinitionPtr decode_flag(const Cursor& cursor, const std::string& key,
                                            const Evaluators& evaluators,
                                            routing::Bucketing bucketing);
// The keys of one, below `prefix`.
void list_flag_keys(const std::string& prefix, std::vector<std::string>& paths);

}  // namespace banyan::config
