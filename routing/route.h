// routing/route.h: one migration as routing sees it, and the rules that lead there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::routing {

// All keys that are given must hold. Without a path_prefix every path, without a host every host.
struct MatchRule {
  std::string host;         // lower case, without a port
  std::string path_prefix;  // normalised, begins with '/', no '/' at the end except for "/"
};

struct StickySource {
  enum class Kind : std::uint8_t { header, cookie };
  Kind kind = Kind::header;
  std::string name;
};

// What serves a request without a sticky key, while the share is between 0 and 100 %.
enum class StickyMissing : std::uint8_t { legacy, per_request };

// One migration. `match` leads here; `migration` is its place in the configuration.
struct Route {
  std::string name;
  std::size_t migration = 0;
  std::vector<MatchRule> match;
  std::string flag;
  std::vector<StickySource> sticky;  // the first present, non-empty one counts
  StickyMissing sticky_missing = StickyMissing::legacy;
};

}  // namespace banyan::routing
