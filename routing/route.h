// routing/route.h: one migration as routing sees it, and the rules that lead there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "routing/match_rule.h"

namespace banyan::routing {

struct StickySource {
  enum class Kind : std::uint8_t { header, cookie, query, client_ip, jwt_claim, issue_cookie };
  Kind kind = Kind::header;
  std::string name = {};  // of a client_ip empty
  // Of a client_ip: so many bits of its address count.
  std::uint8_t ipv4_bits = 32;
  std::uint8_t ipv6_bits = 128;
  // Of an issue_cookie: what stands behind its value in Set-Cookie, with the first semicolon.
  std::string attributes = {};
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
  // The issue_cookie of `sticky`: nobody has to stay without a key.
  [[nodiscard]] const StickySource* issued_cookie() const {
    for (const StickySource& source : sticky) {
      if (source.kind == StickySource::Kind::issue_cookie) return &source;
    }
    return nullptr;
  }
};

}  // namespace banyan::routing
