// config/flags.h: where flags come from, as the configuration says it.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "routing/bucket.h"
#include "routing/flag_definition.h"

namespace banyan::config {

// A file of flag definitions (config/flag_file.h).
struct FlagSource {
  std::string file;
  routing::Bucketing bucketing = routing::Bucketing::integer;
  friend bool operator==(const FlagSource&, const FlagSource&) = default;
};

struct Flags {
  std::map<std::string, routing::Share> shares;  // the short form of `flags`
  std::map<std::string, std::shared_ptr<const routing::FlagDefinition>, std::less<>> definitions;
  std::vector<FlagSource> sources;  // each later one outranks those before it, and `flags`
};

}  // namespace banyan::config
