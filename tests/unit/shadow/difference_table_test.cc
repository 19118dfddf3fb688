#include "shadow/difference_table.h"

#include <gtest/gtest.h>

#include <atomic>
#include <numeric>
#include <thread>

#include "tests/unit/shadow/pairs.h"

namespace banyan::shadow {
namespace {

WallTime at(int seconds) { return WallTime{} + std::chrono::seconds(seconds); }

CapturedPair pair_at(std::string target, Arm primary = Arm::legacy, int seconds = 1'000) {
  CapturedPair pair;
  pair.method = "GET";
  pair.target = std::move(target);
  pair.primary = primary;
  pair.at = at(seconds);
  return pair;
}

Comparison mismatch(std::vector<Difference> differences) {
  Comparison comparison;
  comparison.verdict = Verdict::mismatch;
  comparison.differences = std::move(differences);
  return comparison;
}

std::uint64_t count(const VerdictCounts& counts, Verdict verdict) {
  return counts[static_cast<std::size_t>(verdict)];
}

TEST(DifferenceTable, CountsByDirectionEndpointPathAndKind) {
  DifferenceTable table;
  table.add("orders", "1", pair_at("/orders/1"),
            mismatch({{"$.items[0].price", Kind::value, "1", "2"},
                      {"$.items[1].price", Kind::value, "3", "4"},
                      {"$.items[1].price", Kind::type, "3", "\"3\""}}));
  table.add("orders", "1", pair_at("/orders/2", Arm::monolith), Comparison{});
  table.settle("orders", "1", "GET", "/orders/3", Arm::legacy, 5);
  const auto reports = table.report();
  ASSERT_EQ(reports.size(), 1U);
  const MigrationReport& report = reports[0];
  EXPECT_EQ(report.migration, "orders");
  EXPECT_EQ(report.epoch, "1");
  EXPECT_EQ(report.since, at(1'000));
  EXPECT_EQ(count(report.to_monolith, Verdict::mismatch), 1U);
  EXPECT_EQ(count(report.to_monolith, Verdict::match), 5U);
  EXPECT_EQ(count(report.to_legacy, Verdict::match), 1U);
  ASSERT_EQ(report.endpoints.size(), 1U);
  EXPECT_EQ(report.endpoints[0].endpoint, "GET /orders/{id}");
  EXPECT_EQ(count(report.endpoints[0].verdicts, Verdict::match), 6U);
  const auto& places = report.endpoints[0].places;
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].path, "$.items[*].price");
  EXPECT_EQ(places[0].kind, Kind::value);
  EXPECT_EQ(places[0].count, 2U);
  ASSERT_EQ(places[0].samples.size(), 2U);
  EXPECT_EQ(places[0].samples[1].path, "$.items[1].price");
  EXPECT_EQ(places[0].samples[1].left, "3");
  EXPECT_EQ(places[1].kind, Kind::type);
}

TEST(DifferenceTable, WhatIsMoreImportantComesFirst) {
  DifferenceTable table;
  table.settle("m", "", "GET", "/quiet", Arm::legacy, 1'000);
  table.add("m", "", pair_at("/b"), mismatch({{"$.x", Kind::value, "1", "2"}}));
  for (int i = 0; i < 2; ++i) {
    table.add("m", "", pair_at("/a"),
              mismatch({{"$.rare", Kind::value, "1", "2"}, {"$.often", Kind::value, "1", "2"}}));
  }
  table.add("m", "", pair_at("/a"), mismatch({{"$.often", Kind::value, "1", "2"}}));
  const MigrationReport report = table.report()[0];
  ASSERT_EQ(report.endpoints.size(), 3U);
  EXPECT_EQ(report.endpoints[0].endpoint, "GET /a");
  EXPECT_EQ(report.endpoints[0].places[0].path, "$.often");
  EXPECT_EQ(report.endpoints[1].endpoint, "GET /b");
  EXPECT_EQ(report.endpoints[2].endpoint, "GET /quiet");
}

TEST(DifferenceTable, AnotherEpochStartsAfresh) {
  DifferenceTable table;
  table.add("m", "1", pair_at("/a", Arm::legacy, 10), mismatch({{"$", Kind::value, "1", "2"}}));
  table.settle("m", "2", "GET", "/b", Arm::legacy);
  EXPECT_EQ(table.report()[0].since, WallTime{});
  table.settle("m", "2", "GET", "/b", Arm::legacy, 1, at(20));
  table.settle("m", "2", "GET", "/b", Arm::legacy, 1, at(30));
  const MigrationReport report = table.report()[0];
  EXPECT_EQ(report.epoch, "2");
  EXPECT_EQ(report.since, at(20));
  EXPECT_EQ(count(report.to_monolith, Verdict::mismatch), 0U);
  ASSERT_EQ(report.endpoints.size(), 1U);
  EXPECT_EQ(report.endpoints[0].endpoint, "GET /b");
}

TEST(DifferenceTable, ReportsAllByNameOrTheNamedInTheirOrder) {
  DifferenceTable table;
  for (const char* name : {"b", "c", "a"}) table.settle(name, "", "GET", "/", Arm::legacy);
  const auto names = [](const std::vector<MigrationReport>& reports) {
    std::vector<std::string> out;
    for (const MigrationReport& report : reports) out.push_back(report.migration);
    return out;
  };
  EXPECT_EQ(names(table.report()), (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(names(table.report({"c", "none", "a"})), (std::vector<std::string>{"c", "none", "a"}));
  EXPECT_TRUE(table.report({"none"})[0].endpoints.empty());
}

TEST(DifferenceTable, HidesSecretsWhereverAValueIsShown) {
  DifferenceTable table;
  table.add("m", "", pair_at("/login?code=hunter2&a=1"),
            mismatch({{"$.session.access_token", Kind::value, "\"hunter2\"", "\"hunter2x\""},
                      {"$.user", Kind::missing, R"({"name":"x","password":"hunter2"})", ""},
                      {"header:set-cookie", Kind::value, "session=hunter2; Path=/", "s=hunter2"},
                      {"header:location", Kind::value, "/cb?token=hunter2", "/cb?token=hunter2"},
                      {"body", Kind::value, "9 bytes, from byte 3: password=hunter2", ""}}));
  const MigrationReport report = table.report()[0];
  for (const Place& place : report.endpoints[0].places) {
    ASSERT_EQ(place.samples.size(), 1U);
    const Sample& sample = place.samples[0];
    EXPECT_EQ(sample.target, "/login?code=(redacted)&a=1");
    const std::string shown = sample.left + sample.right;
    EXPECT_EQ(shown.find("hunter2"), std::string::npos) << place.path << ' ' << shown;
    EXPECT_NE(shown.find(kRedacted), std::string::npos) << place.path << ' ' << shown;
  }
}

TEST(DifferenceTable, NothingThatTrafficSendsMakesItGrow) {
  const TableLimits limits{.endpoints_max = 3, .places_max = 4, .samples_max = 2};
  DifferenceTable table(limits);
  for (int i = 0; i < 50; ++i) {
    const std::string word(static_cast<std::size_t>(i + 1), 'x');
    std::vector<Difference> differences;
    for (int j = 0; j < 20; ++j) {
      differences.push_back(
          {"$." + std::string(static_cast<std::size_t>(j + 1), 'p'), Kind::value, "1", "2"});
    }
    table.add("m", "", pair_at("/" + word), mismatch(std::move(differences)));
  }
  const MigrationReport report = table.report()[0];
  EXPECT_EQ(report.endpoints.size(), 4U);  // and kOther
  EXPECT_EQ(report.endpoints[0].endpoint, kOther);
  std::uint64_t pairs = 0;
  for (const EndpointReport& endpoint : report.endpoints) {
    EXPECT_EQ(endpoint.places.size(), 5U);
    EXPECT_EQ(endpoint.places[0].path, kOther);
    const std::uint64_t found =
        std::accumulate(endpoint.places.begin(), endpoint.places.end(), std::uint64_t{0},
                        [](std::uint64_t sum, const Place& place) { return sum + place.count; });
    pairs += count(endpoint.verdicts, Verdict::mismatch);
    EXPECT_EQ(found, 20 * count(endpoint.verdicts, Verdict::mismatch));
    for (const Place& place : endpoint.places) EXPECT_LE(place.samples.size(), 2U);
  }
  EXPECT_EQ(pairs, 50U);
}

TEST(DifferenceTable, PathsAndSamplesStayWithinTheirBytes) {
  TableLimits limits;
  limits.bytes_max = 50'000;
  DifferenceTable table(limits);
  for (int i = 0; i < 5'000; ++i) {
    std::string name;
    for (int rest = i + 1; rest > 0; rest /= 26) name += static_cast<char>('a' + rest % 26);
    table.add("m", "", pair_at("/a?" + std::string(5'000, 'q')),
              mismatch({{"$." + name, Kind::value, std::string(200, 'l'), std::string(200, 'r')}}));
  }
  std::size_t bytes = 0;
  std::uint64_t counted = 0;
  const MigrationReport report = table.report()[0];
  for (const Place& place : report.endpoints[0].places) {
    bytes += place.path.size();
    counted += place.count;
    for (const Sample& sample : place.samples) {
      bytes += sample.target.size() + sample.left.size() + sample.right.size();
      EXPECT_LE(sample.target.size(), 512U);
    }
  }
  EXPECT_EQ(counted, 5'000U);
  EXPECT_LE(bytes, limits.bytes_max + 2'000);
}

TEST(DifferenceTable, TwoThreadsAddWhileAThirdReads) {
  constexpr int kRounds = 2'000;
  DifferenceTable table;
  const auto add = [&table](Arm primary) {
    for (int i = 0; i < kRounds; ++i) {
      const std::string target = "/orders/" + std::to_string(i);
      table.settle("m", "", "GET", target, primary, 1, at(1));
      table.add("m", "", pair_at(target, primary), mismatch({{"$.a", Kind::value, "1", "2"}}));
    }
  };
  std::atomic<bool> done{false};
  std::thread reader([&] {
    std::uint64_t before = 0;
    while (!done) {
      const auto reports = table.report();
      const std::uint64_t now =
          reports.empty() ? 0 : count(reports[0].to_monolith, Verdict::mismatch);
      EXPECT_GE(now, before);
      before = now;
    }
  });
  std::thread one([&] { add(Arm::legacy); });
  std::thread two([&] { add(Arm::monolith); });
  one.join();
  two.join();
  done = true;
  reader.join();
  const MigrationReport report = table.report()[0];
  for (const VerdictCounts& counts : {report.to_monolith, report.to_legacy}) {
    EXPECT_EQ(count(counts, Verdict::match), static_cast<std::uint64_t>(kRounds));
    EXPECT_EQ(count(counts, Verdict::mismatch), static_cast<std::uint64_t>(kRounds));
  }
  EXPECT_EQ(report.endpoints[0].places[0].count, 2ULL * kRounds);
}

TEST(DifferenceTable, CountsAPairUnderItsOwnEndpoint) {
  DifferenceTable table;
  CapturedPair pair = pair_at("/users/anna/cart");
  pair.endpoint = "GET /users/{name}/cart";
  table.add("m", "", pair, Comparison{});
  ASSERT_EQ(table.report().at(0).endpoints.size(), 1U);
  EXPECT_EQ(table.report()[0].endpoints[0].endpoint, "GET /users/{name}/cart");
}

TEST(DifferenceTable, PatternsHideDataInEndpointsPathsAndValues) {
  Redaction redaction;
  std::string error;
  ASSERT_TRUE(ValuePattern::parse(R"([\w.]+@[\w.]+)", redaction.patterns.emplace_back(), error));
  DifferenceTable table({}, redaction);
  table.add("m", "", pair_at("/users/ann@shop.test/cart?by=bob%40shop.test"),
            mismatch({{"$.by['eve@shop.test']", Kind::value, "\"ann@shop.test\"", "1"}}));
  table.settle("m", "", "GET", "/users/joe@shop.test/cart", Arm::legacy);
  const auto report = table.report();
  ASSERT_EQ(report.at(0).endpoints.size(), 1U);
  const EndpointReport& endpoint = report[0].endpoints[0];
  EXPECT_EQ(endpoint.endpoint, "GET /users/(redacted)/cart");
  EXPECT_EQ(endpoint.places.at(0).path, "$.by['(redacted)']");
  const Sample& sample = endpoint.places[0].samples.at(0);
  EXPECT_EQ(sample.path, "$.by['(redacted)']");
  EXPECT_EQ(sample.target, "/users/(redacted)/cart?by=(redacted)");
  EXPECT_EQ(sample.left, "\"(redacted)\"");
  EXPECT_EQ(endpoint.tally.mismatches.begin()->first.at(0).path, "$.by['(redacted)']");
}

CapturedPair pair_of_bodies(const std::string& left, const std::string& right) {
  CapturedPair pair = pair_at("/a");
  pair.legacy = test::json_response(left);
  pair.monolith = test::json_response(right);
  return pair;
}

TEST(DifferenceTable, KeepsNoBodiesUnlessAsked) {
  DifferenceTable table;
  table.add("m", "", pair_of_bodies("[1]", "[2]"), mismatch({{"$[0]", Kind::value, "1", "2"}}));
  EXPECT_EQ(table.report().at(0).endpoints.at(0).places.at(0).samples.at(0).left_body, "");
}

TEST(DifferenceTable, KeepsTheBodiesOfAPairOnceAndRedacted) {
  DifferenceTable table;
  table.configure(2, {}, Keeps::values_and_bodies);
  for (int i = 0; i < 2; ++i) {
    table.add("m", "", pair_of_bodies(R"({"a":1,"token":"x"})", R"({"a":2})"),
              mismatch({{"$.a", Kind::value, "1", "2"}, {"$.token", Kind::missing, "x", ""}}));
  }
  const auto report = table.report();
  std::vector<std::string> left, right;
  for (const Place& place : report.at(0).endpoints.at(0).places) {
    for (const Sample& sample : place.samples) {
      left.push_back(sample.left_body);
      right.push_back(sample.right_body);
    }
  }
  const std::string kept = R"({"a":1,"token":(redacted)})";
  EXPECT_EQ(left, (std::vector<std::string>{kept, kept, "", ""}));
  EXPECT_EQ(right, (std::vector<std::string>{R"({"a":2})", R"({"a":2})", "", ""}));
}

TEST(DifferenceTable, KeepsShapesWithoutAValue) {
  DifferenceTable table;
  table.hash_with([](std::string_view text) { return text.size(); });
  table.configure(5, {}, Keeps::shapes);
  table.add("m", "", pair_at("/orders/42?by=ann"),
            mismatch({{"$.by['ann@7.1'][3].name", Kind::value, "\"Ann\"", "null"},
                      {"$.by['ann@7.1'][3].token", Kind::value, "\"x\"", "\"y\""}}));
  const auto report = table.report();
  const auto& places = report.at(0).endpoints.at(0).places;
  ASSERT_EQ(places.size(), 2U);
  const Sample& sample = places[0].samples.at(0);
  EXPECT_EQ(sample.path, places[0].path);
  EXPECT_EQ(sample.target, "/orders/{id} (17 bytes, hash 0000000000000011)");
  EXPECT_EQ(sample.left, "string of 3 characters, hash 0000000000000005");
  EXPECT_EQ(sample.right, "null");
  EXPECT_EQ(places[1].samples.at(0).left, kRedacted) << "of a secret there is no hash either";
}

// A reload may come between a comparison and its count.
TEST(DifferenceTable, KeepsTheShapesOfWhatWasComparedForThem) {
  DifferenceTable table;
  Comparison comparison = mismatch({{"$.a", Kind::value, "\"Ann\"", "\"Bob\""}});
  comparison.for_shapes = true;
  table.add("m", "", pair_at("/a"), comparison);
  const auto report = table.report();
  EXPECT_EQ(report.at(0).endpoints.at(0).places.at(0).samples.at(0).left, "string of 3 characters");
}

TEST(DifferenceTable, BodiesAreBounded) {
  TableLimits limits;
  limits.bodies_max = 1'000;
  DifferenceTable table(limits);
  table.configure(5, {}, Keeps::values_and_bodies);
  const std::string large = "[" + std::string(400, '1') + "]";
  for (int i = 0; i < 3; ++i) {
    table.add("m", "", pair_of_bodies(large, "[2]"), mismatch({{"$[0]", Kind::value, "1", "2"}}));
  }
  const auto report = table.report();
  const auto& samples = report.at(0).endpoints.at(0).places.at(0).samples;
  ASSERT_EQ(samples.size(), 3U);
  EXPECT_EQ(samples[1].left_body, large);
  EXPECT_EQ(samples[2].left_body, "");
  EXPECT_EQ(samples[2].right_body, "") << "both or none";
}

TEST(DifferenceTable, CountsMismatchesThatFollowAWriteOfTheSameKey) {
  DifferenceTable table;
  const Comparison differs = mismatch({{"$.a", Kind::value, "1", "2"}});
  CapturedPair pair = pair_at("/a", Arm::monolith);
  table.add("m", "", pair, differs);
  pair.after_write = true;
  table.add("m", "", pair, differs);
  table.add("m", "", pair, Comparison{});
  const auto report = table.report();
  EXPECT_EQ(report.at(0).traffic[index_of(Arm::monolith)].mismatches_after_write, 1U);
  EXPECT_EQ(report[0].traffic[index_of(Arm::legacy)].mismatches_after_write, 0U);
}

}  // namespace
}  // namespace banyan::shadow
