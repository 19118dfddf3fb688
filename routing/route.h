// routing/route.h: one migration as routing sees it, and the rules that lead there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/match_rule.h"

namespace banyan::routing {

struct StickySource {
  enum class Kind : std::uint8_t { header, cookie, query, client_ip };
  Kind kind = Kind::header;
  std::string name;  // of a client_ip empty
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
