// The table against trying every rule, over a small universe in which much collides.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <tuple>

#include "routing/request_path.h"
#include "routing/route_table.h"
#include "tests/support/seed.h"

namespace banyan::routing {
namespace {

using Random = std::mt19937_64;
constexpr std::array<std::string_view, 3> kNames{"x-a", "x-b", "x-c"};

std::string one_of(Random& random, std::initializer_list<const char*> words) {
  return *(words.begin() + random() % words.size());
}

std::string random_path(Random& random, std::size_t segments_max) {
  std::string path;
  for (auto n = random() % segments_max; n > 0; --n) {
    path += '/';
    path.append(random() % 3, static_cast<char>('a' + random() % 2));
  }
  return path.empty() ? "/" : path;
}

MatchRule random_rule(Random& random) {
  MatchRule rule;
  rule.host = one_of(random, {"", "a.test", "b.test"});
  rule.path_prefix = random_path(random, 4);
  while (rule.path_prefix.size() > 1 && rule.path_prefix.ends_with('/')) {
    rule.path_prefix.pop_back();
  }
  rule.method = one_of(random, {"", "", "GET", "PUT"});
  for (const std::string_view name : kNames) {
    if (random() % 3 == 0) rule.headers.push_back({std::string(name), one_of(random, {"0", "1"})});
  }
  rule.listener = one_of(random, {"", "", "in", "out"});
  return rule;
}

struct Request {
  std::string authority, path, method, listener;
  Headers headers;
  [[nodiscard]] RequestView view() const { return {authority, path, method, headers, listener}; }
};

Request random_request(Random& random) {
  Request r{one_of(random, {"a.test", "B.test:80", "c.test"}),
            random_path(random, 6),
            one_of(random, {"GET", "PUT", "POST"}),
            one_of(random, {"in", "out"}),
            {}};
  for (const std::string_view name : kNames) {
    for (auto n = random() % 5 == 0 ? 2 : random() % 2; n > 0; --n) {
      r.headers.add(name, one_of(random, {"0", "1"}));
    }
  }
  return r;
}

bool holds(const MatchRule& rule, const Request& request) {
  const std::string host = request.authority == "B.test:80" ? "b.test" : request.authority;
  return (rule.host.empty() || rule.host == host) && covers(rule.path_prefix, request.path) &&
         (rule.method.empty() || rule.method == request.method) &&
         std::all_of(rule.headers.begin(), rule.headers.end(),
                     [&](const HeaderMatch& h) {
                       return only_value(request.headers, h.name) == h.value;
                     }) &&
         (rule.listener.empty() || rule.listener == request.listener);
}

auto specificity(const MatchRule& rule) {
  return std::tuple(!rule.host.empty(), rule.path_prefix.size(), !rule.method.empty(),
                    rule.headers.size(), !rule.listener.empty());
}

// Whether one request could have what both ask for, told by the rules alone.
bool tie(const MatchRule& a, const MatchRule& b) {
  if (specificity(a) != specificity(b)) return false;
  if (std::tie(a.host, a.path_prefix, a.method, a.listener) !=
      std::tie(b.host, b.path_prefix, b.method, b.listener)) {
    return false;
  }
  for (const HeaderMatch& x : a.headers) {
    for (const HeaderMatch& y : b.headers) {
      if (x.name == y.name && x.value != y.value) return false;
    }
  }
  return true;
}

std::string name_of(const MatchRule* rule) {
  if (rule == nullptr) return "none";
  std::string text = rule->host + " " + rule->path_prefix + " " + rule->method + " ";
  for (const HeaderMatch& h : rule->headers) text += h.name + "=" + h.value + " ";
  return text + rule->listener;
}

TEST(RouteTable, AgreesWithTryingEveryRule) {
  Random random = test::seeded_random();
  for (int round = 0; round < 60; ++round) {
    std::vector<Route> routes(40);
    for (Route& route : routes) {
      for (auto n = 1 + random() % 3; n > 0; --n) route.match.push_back(random_rule(random));
    }
    std::vector<RouteTable::Tie> ties;
    const RouteTable table = RouteTable::build(routes, ties);
    std::vector<const MatchRule*> kept;
    for (std::size_t r = 0; r < routes.size(); ++r) {
      for (std::size_t i = 0; i < routes[r].match.size(); ++i) {
        const auto told = std::find_if(ties.begin(), ties.end(), [&](const RouteTable::Tie& t) {
          return t.route_b == r && t.rule_b == i;
        });
        const MatchRule& rule = routes[r].match[i];
        const auto rival = std::find_if(kept.begin(), kept.end(),
                                        [&](const MatchRule* k) { return tie(*k, rule); });
        EXPECT_EQ(told != ties.end(), rival != kept.end()) << name_of(&rule);
        if (told == ties.end()) {
          kept.push_back(&rule);
        } else {
          EXPECT_TRUE(tie(routes[told->route_a].match[told->rule_a], rule));
        }
      }
    }
    for (int i = 0; i < 500; ++i) {
      const Request request = random_request(random);
      const MatchRule* best = nullptr;
      for (const MatchRule* rule : kept) {
        if (!holds(*rule, request)) continue;
        if (best == nullptr || specificity(*rule) > specificity(*best)) best = rule;
      }
      const RouteTable::Match match = table.find(request.view());
      EXPECT_EQ(name_of(match.rule), name_of(best)) << request.authority << " " << request.path;
    }
  }
}

}  // namespace
}  // namespace banyan::routing
