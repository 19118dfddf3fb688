#include "shadow/store/sqlite_store.h"

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "shadow/difference_table.h"
#include "shadow/store/schema.h"

namespace banyan::shadow {
namespace {

constexpr auto kMatch = static_cast<std::size_t>(Verdict::match);
constexpr auto kMismatch = static_cast<std::size_t>(Verdict::mismatch);
constexpr auto kLegacy = static_cast<std::size_t>(Arm::legacy);
constexpr auto kMonolith = static_cast<std::size_t>(Arm::monolith);

class SqliteStoreTest : public ::testing::Test {
 protected:
  SqliteStoreTest() {
    char name[] = "/tmp/banyan-store-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~SqliteStoreTest() override { std::filesystem::remove_all(directory_); }

  [[nodiscard]] std::string path() const { return directory_ + "/d.db"; }
  std::unique_ptr<SqliteStore> opened() {
    auto store = SqliteStore::open(path());
    EXPECT_TRUE(store) << store.error().text;
    return store ? std::move(*store) : nullptr;
  }
  static WallTime hour(int hours) { return WallTime{} + std::chrono::hours(490'000 + hours); }
  static EpochRecord record(const std::string& migration = "orders", int since = 0) {
    EpochRecord made{migration, "7", 0xffff'ffff'ffff'fff0U, hour(since), {}};
    EpochRecord::Endpoint& endpoint = made.endpoints.emplace_back();
    endpoint.name = "GET /orders/{id}";
    endpoint.verdicts[kLegacy][kMatch] = 5;
    endpoint.verdicts[kMonolith][kMismatch] = 2;
    const Sample sample{hour(since), "GET", "/orders/1", "$.items[0].price", "10", "it's 10.5\n"};
    endpoint.places.push_back({"$.items[*].price", Kind::value, 3, {sample, sample}});
    return made;
  }

  std::string directory_;
};

TEST_F(SqliteStoreTest, WhatWasAddedIsThereAfterItWasClosed) {
  ASSERT_TRUE(opened()->add({record(), record("cart")}, hour(0)));
  const auto records = opened()->records({});
  ASSERT_TRUE(records);
  ASSERT_EQ(records->size(), 2U);
  EXPECT_EQ((*records)[0].migration, "cart");
  const EpochRecord& orders = (*records)[1];
  EXPECT_EQ(orders.epoch, "7");
  EXPECT_EQ(orders.rules, 0xffff'ffff'ffff'fff0U);
  EXPECT_EQ(orders.since, hour(0));
  ASSERT_EQ(orders.endpoints.size(), 1U);
  EXPECT_EQ(orders.endpoints[0].verdicts[kLegacy][kMatch], 5U);
  EXPECT_EQ(orders.endpoints[0].verdicts[kMonolith][kMismatch], 2U);
  ASSERT_EQ(orders.endpoints[0].places.size(), 1U);
  const EpochRecord::Place& place = orders.endpoints[0].places[0];
  EXPECT_EQ(place.path, "$.items[*].price");
  EXPECT_EQ(place.count, 3U);
  ASSERT_EQ(place.samples.size(), 2U);
  EXPECT_EQ(place.samples[0].right, "it's 10.5\n");
  EXPECT_EQ(place.samples[0].at, hour(0));
}

TEST_F(SqliteStoreTest, NobodyElseMayReadIt) {
  const auto others = [this](const std::string& suffix) {
    const auto mode = std::filesystem::status(path() + suffix).permissions();
    return mode & std::filesystem::perms::others_all;
  };
  std::ofstream(path()).close();
  std::filesystem::permissions(path(), std::filesystem::perms(0644));  // as it was made before
  const auto store = opened();
  for (const char* suffix : {"", "-wal", "-shm"}) {
    EXPECT_EQ(others(suffix), std::filesystem::perms::none) << suffix;
  }
}

TEST_F(SqliteStoreTest, NoiseAtAPlaceIsKeptApartFromMismatchesThere) {
  EpochRecord both = record();
  EpochRecord::Place noise = both.endpoints[0].places[0];
  noise.verdict = Verdict::noise;
  noise.count = 40;
  noise.samples.resize(1);
  noise.samples[0].skew = std::chrono::microseconds(-180);
  both.endpoints[0].places.push_back(noise);
  ASSERT_TRUE(opened()->add({both}, hour(0)));
  const auto records = opened()->records({});
  ASSERT_TRUE(records);
  const auto& places = records->at(0).endpoints.at(0).places;
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].verdict, Verdict::mismatch);
  EXPECT_EQ(places[0].count, 3U);
  EXPECT_EQ(places[1].verdict, Verdict::noise);
  EXPECT_EQ(places[1].count, 40U);
  EXPECT_EQ(places[1].samples.at(0).skew, std::chrono::microseconds(-180));
  const auto differences = opened()->differences({});
  ASSERT_TRUE(differences);
  EXPECT_EQ(differences->at(0).verdict, Verdict::noise);
  EXPECT_EQ(differences->at(0).sample.skew, std::chrono::microseconds(-180));
}

// As the first version wrote it.
TEST_F(SqliteStoreTest, ADatabaseOfBeforeThereWasNoiseIsTakenOver) {
  {
    auto database = Database::open(path(), Database::Mode::read_write);
    ASSERT_TRUE(database->execute(R"(
      CREATE TABLE epochs(id INTEGER PRIMARY KEY, migration TEXT NOT NULL, name TEXT NOT NULL,
        rules INTEGER NOT NULL, since INTEGER NOT NULL, UNIQUE(migration, since));
      CREATE TABLE endpoints(id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL, name TEXT NOT NULL,
        UNIQUE(epoch, name));
      CREATE TABLE verdicts(endpoint INTEGER NOT NULL, hour INTEGER NOT NULL,
        served_by TEXT NOT NULL, verdict TEXT NOT NULL, count INTEGER NOT NULL,
        PRIMARY KEY(endpoint, hour, served_by, verdict)) WITHOUT ROWID;
      CREATE TABLE places(id INTEGER PRIMARY KEY, endpoint INTEGER NOT NULL, path TEXT NOT NULL,
        kind TEXT NOT NULL, UNIQUE(endpoint, path, kind));
      CREATE TABLE place_counts(place INTEGER NOT NULL, hour INTEGER NOT NULL,
        count INTEGER NOT NULL, PRIMARY KEY(place, hour)) WITHOUT ROWID;
      CREATE TABLE samples(id INTEGER PRIMARY KEY AUTOINCREMENT, place INTEGER NOT NULL,
        at INTEGER NOT NULL, method TEXT NOT NULL, target TEXT NOT NULL, path TEXT NOT NULL,
        legacy TEXT NOT NULL, monolith TEXT NOT NULL);
      CREATE INDEX samples_by_place ON samples(place);
      INSERT INTO epochs VALUES(1, 'orders', '7', 0, 5);
      INSERT INTO endpoints VALUES(1, 1, 'GET /a');
      INSERT INTO verdicts VALUES(1, 490000, 'legacy', 'mismatch', 3);
      INSERT INTO places VALUES(1, 1, '$.a', 'value');
      INSERT INTO place_counts VALUES(1, 490000, 3);
      INSERT INTO samples VALUES(1, 1, 7, 'GET', '/a', '$.a', '1', '2');
      PRAGMA user_version = 1;)"));
  }
  EXPECT_FALSE(SqliteStore::open_to_read(path()));
  const auto records = opened()->records({});
  ASSERT_TRUE(records);
  const EpochRecord::Place& place = records->at(0).endpoints.at(0).places.at(0);
  EXPECT_EQ(place.count, 3U);
  EXPECT_EQ(place.verdict, Verdict::mismatch);
  EXPECT_EQ(place.samples.at(0).right, "2");
  EXPECT_EQ(place.samples.at(0).skew.count(), 0);
  EXPECT_TRUE(SqliteStore::open_to_read(path()));
}

TEST_F(SqliteStoreTest, CountsAddUp) {
  const auto store = opened();
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(store->add({record()}, hour(i)));
  const auto records = store->records({});
  ASSERT_TRUE(records);
  EXPECT_EQ(records->at(0).endpoints.at(0).verdicts[kLegacy][kMatch], 15U);
  EXPECT_EQ(records->at(0).endpoints.at(0).places.at(0).count, 9U);
}

TEST_F(SqliteStoreTest, AQueryIsByMigrationEpochAndHour) {
  const auto store = opened();
  EpochRecord older = record();
  older.epoch = "6";
  ASSERT_TRUE(store->add({older}, hour(0)));
  ASSERT_TRUE(store->add({record("orders", 10), record("cart", 10)}, hour(10)));
  ASSERT_TRUE(store->add({record("orders", 10)}, hour(12)));
  EXPECT_EQ(store->records({{"nobody"}, {}, {}})->size(), 0U);
  EXPECT_EQ(store->records({{"cart"}, {}, {}})->size(), 1U);
  const auto latest = store->records({{"orders"}, {}, {}});
  ASSERT_EQ(latest->size(), 1U);
  EXPECT_EQ(latest->at(0).epoch, "7");
  const auto old = store->records({{"orders"}, "6", {}});
  ASSERT_EQ(old->size(), 1U);
  EXPECT_EQ(old->at(0).since, hour(0));
  const auto young = store->records({{"orders"}, {}, hour(12)});
  EXPECT_EQ(young->at(0).endpoints.at(0).verdicts[kLegacy][kMatch], 5U);
  EXPECT_EQ(store->records({{"orders"}, {}, hour(13)})->at(0).endpoints.size(), 0U);
}

TEST_F(SqliteStoreTest, DifferencesArePagedYoungestFirst) {
  const auto store = opened();
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(store->add({record()}, hour(0)));
  ASSERT_TRUE(store->add({record("cart")}, hour(0)));
  DifferenceQuery query{"orders", {}, {}, 4};
  std::vector<std::int64_t> ids;
  for (;;) {
    const auto page = store->differences(query);
    ASSERT_TRUE(page);
    for (const StoredDifference& one : *page) ids.push_back(one.id);
    if (page->size() < query.count_max) break;
    query.before = page->back().id;
  }
  EXPECT_EQ(ids.size(), 10U);
  EXPECT_TRUE(std::is_sorted(ids.rbegin(), ids.rend()));
  EXPECT_EQ(std::adjacent_find(ids.begin(), ids.end()), ids.end());
  EXPECT_TRUE(store->differences({"orders", "GET /else", {}, 4})->empty());
  const auto one = store->difference(ids[0]);
  ASSERT_TRUE(one && *one);
  EXPECT_EQ((*one)->migration, "orders");
  EXPECT_EQ((*one)->place, "$.items[*].price");
  EXPECT_EQ((*one)->kind, Kind::value);
  EXPECT_FALSE(store->difference(4711)->has_value());
}

TEST_F(SqliteStoreTest, WhatIsTooOldGoes) {
  const auto store = opened();
  ASSERT_TRUE(store->add({record("orders", 0)}, hour(0)));
  ASSERT_TRUE(store->add({record("cart", 100)}, hour(100)));
  ASSERT_TRUE(store->trim({std::uint64_t{1} << 30, std::chrono::hours(24)}, hour(101)));
  const auto records = store->records({});
  ASSERT_EQ(records->size(), 1U);
  EXPECT_EQ(records->at(0).migration, "cart");
  EXPECT_EQ(store->differences({})->size(), 2U);
}

TEST_F(SqliteStoreTest, TheOldestGoesWhereThereIsTooMuchAndTheFileShrinks) {
  const auto store = opened();
  const StoreLimits limits{std::uint64_t{1} << 20, std::chrono::hours(1'000)};
  ASSERT_TRUE(store->trim(limits, hour(0)));
  EpochRecord large = record();
  for (Sample& sample : large.endpoints[0].places[0].samples) {
    sample.target = "/" + std::string(4'000, 'x');
  }
  bool was_full = false;
  for (int i = 0; i < 400; ++i) {
    const auto added = store->add({large}, hour(i));
    if (added) continue;
    ASSERT_EQ(added.error().kind, StoreError::Kind::full) << added.error().text;
    was_full = true;
    ASSERT_TRUE(store->trim(limits, hour(i)));
    ASSERT_TRUE(store->add({large}, hour(i))) << i;
  }
  EXPECT_TRUE(was_full);
  ASSERT_TRUE(store->trim(limits, hour(400)));
  EXPECT_LE(std::filesystem::file_size(path()), limits.bytes_max);
  // The counts of all that time are small and stay; the samples that stay are the youngest.
  EXPECT_EQ(store->records({})->at(0).endpoints.at(0).verdicts[kLegacy][kMatch], 2'000U);
  const auto left = store->differences({{}, {}, {}, 10'000});
  EXPECT_FALSE(left->empty());
  EXPECT_EQ(left->front().id, 800);
}

TEST_F(SqliteStoreTest, WhatIsNoDatabaseIsCorruptAndIsMovedAside) {
  std::ofstream(path()) << std::string(10'000, '?');
  const auto broken = SqliteStore::open(path());
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, StoreError::Kind::corrupt);
  EXPECT_EQ(SqliteStore::move_aside(path()), path() + ".unreadable.1");
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_EQ(std::filesystem::file_size(path() + ".unreadable.1"), 10'000U);
  EXPECT_NE(opened(), nullptr);
}

TEST_F(SqliteStoreTest, ALaterSchemaIsLeftAlone) {
  {
    auto database = Database::open(path(), Database::Mode::read_write);
    ASSERT_TRUE(database->execute("CREATE TABLE t(x); PRAGMA user_version = 99;"));
  }
  for (const auto& refused : {SqliteStore::open(path()), SqliteStore::open_to_read(path())}) {
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, StoreError::Kind::other);
    EXPECT_NE(refused.error().text.find("later version"), std::string::npos);
  }
}

TEST_F(SqliteStoreTest, ReadingChangesNothingAndNeedsAStore) {
  EXPECT_FALSE(SqliteStore::open_to_read(path()));
  EXPECT_FALSE(std::filesystem::exists(path()));
  const auto writer = opened();
  ASSERT_TRUE(writer->add({record()}, hour(0)));
  const auto reader = SqliteStore::open_to_read(path());
  ASSERT_TRUE(reader);
  EXPECT_EQ((*reader)->records({})->size(), 1U);
  EXPECT_FALSE((*reader)->add({record()}, hour(0)));
}

// The process is killed in the middle of writing, at whatever moment that is.
TEST_F(SqliteStoreTest, WhatWasAcknowledgedSurvivesAKill) {
  int acknowledged[2];
  ASSERT_EQ(::pipe(acknowledged), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const auto store = SqliteStore::open(path());
    for (char written = 0; store && (*store)->add({record()}, hour(0));) {
      if (::write(acknowledged[1], &written, 1) != 1) break;
    }
    ::_exit(1);
  }
  ::close(acknowledged[1]);
  std::uint64_t added = 0;
  for (char some = 0; added < 50 && ::read(acknowledged[0], &some, 1) == 1; ++added) {
  }
  ::kill(child, SIGKILL);
  for (char some = 0; ::read(acknowledged[0], &some, 1) == 1; ++added) {
  }
  ::waitpid(child, nullptr, 0);
  ::close(acknowledged[0]);
  ASSERT_GE(added, 50U);
  const auto records = opened()->records({});
  ASSERT_TRUE(records);
  const std::uint64_t found = records->at(0).endpoints.at(0).verdicts[kLegacy][kMatch] / 5;
  EXPECT_GE(found, added);
  EXPECT_LE(found, added + 1) << "more than was ever written";
}

TEST_F(SqliteStoreTest, AnEmptyEpochHidesTheOneBeforeAsLongAsThatIsThere) {
  const auto store = opened();
  EpochRecord reset = record("orders", 30);
  reset.endpoints.clear();
  ASSERT_TRUE(store->add({record("orders", 0), reset}, hour(30)));
  const auto trimmed_at = [&](int hours) {
    ASSERT_TRUE(store->trim({std::uint64_t{1} << 30, std::chrono::hours(48)}, hour(hours)));
  };
  trimmed_at(31);
  const auto latest = store->records({});
  ASSERT_EQ(latest->size(), 1U);
  EXPECT_EQ(latest->at(0).since, hour(30));
  EXPECT_EQ(latest->at(0).pairs(), 0U);
  trimmed_at(100);
  trimmed_at(101);
  EXPECT_TRUE(store->records({})->empty()) << "nothing is left for it to hide";
}

TEST_F(SqliteStoreTest, OfANameOnlyTheLatestSpanIsRead) {
  const auto store = opened();
  // A reset ends the span, and another begins under the same name.
  ASSERT_TRUE(store->add({record("orders", 0), record("orders", 30)}, hour(30)));
  const auto named = store->records({{}, "7", {}});
  ASSERT_EQ(named->size(), 1U);
  EXPECT_EQ(named->at(0).since, hour(30));
  EXPECT_EQ(named->at(0).pairs(), 7U);
}

TEST_F(SqliteStoreTest, KeepsAllThatIsCounted) {
  EpochRecord made = record();
  made.settings = {50, 90'000, 7, 9, Arm::legacy};
  made.traffic[kLegacy] = {12, {{"method", 3}, {"queue", 1}}};
  made.keys[kMonolith].add(0xffff'fff0U);
  EpochRecord::Endpoint& endpoint = made.endpoints[0];
  endpoint.reasons[kLegacy]["over_budget"] = 4;
  endpoint.mismatches[{{"$['a b']", Kind::value}, {"status", Kind::no_answer}}][kMonolith] = 2;
  endpoint.mismatches[{}][kLegacy] = 1;
  endpoint.latency[kLegacy].add(std::chrono::microseconds(1'234), 5);
  endpoint.places[0].first_seen = hour(0);
  endpoint.places[0].last_seen = hour(1);
  const auto store = opened();
  ASSERT_TRUE(store->add({made}, hour(0)));
  made.endpoints[0].places[0].first_seen = hour(-1);
  ASSERT_TRUE(store->add({made}, hour(1)));
  const auto records = store->records({});
  ASSERT_EQ(records->size(), 1U);
  const EpochRecord& found = records->at(0);
  EXPECT_EQ(found.settings, made.settings);
  EXPECT_EQ(found.traffic[kLegacy].seen, 24U);
  EXPECT_EQ(found.traffic[kLegacy].skipped, (WordCounts{{"method", 6}, {"queue", 2}}));
  EXPECT_EQ(found.keys[kMonolith].kept(), made.keys[kMonolith].kept());
  const EpochRecord::Endpoint& read = found.endpoints.at(0);
  EXPECT_EQ(read.reasons[kLegacy], (WordCounts{{"over_budget", 8}}));
  Tally twice = endpoint;
  twice.add(endpoint);
  EXPECT_EQ(read.mismatches, twice.mismatches);
  EXPECT_EQ(read.latency[kLegacy], twice.latency[kLegacy]);
  EXPECT_EQ(read.places.at(0).first_seen, hour(-1));
  EXPECT_EQ(read.places.at(0).last_seen, hour(1));
}

TEST_F(SqliteStoreTest, AFileOfTheFirstVersionIsTakenOver) {
  {
    auto database = Database::open(path(), Database::Mode::read_write);
    ASSERT_TRUE(database);
    ASSERT_TRUE(database->execute(std::string(kSchema1) +
                                  "PRAGMA user_version = 1;"
                                  "INSERT INTO epochs VALUES(1, 'orders', '7', 0, 1000);"
                                  "INSERT INTO endpoints VALUES(1, 1, 'GET /a');"
                                  "INSERT INTO verdicts VALUES(1, 490000, 'legacy', 'match', 5);"));
  }
  EXPECT_FALSE(SqliteStore::open_to_read(path())) << "a reader changes nothing";
  const auto store = opened();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->records({})->at(0).pairs(), 5U);
  EXPECT_EQ(store->records({})->at(0).settings, ReadinessSettings{});
  ASSERT_TRUE(store->add({record()}, hour(0)));
}

// ---- With the table ---------------------------------------------------------------------------

TEST_F(SqliteStoreTest, TheTableGoesThereAndComesBack) {
  DifferenceTable table;
  table.configure(5, {}, Keeps::values_and_bodies);
  table.track_unsaved();
  CapturedPair pair;
  pair.method = "GET";
  pair.target = "/orders/1?token=hidden";
  pair.primary = Arm::legacy;
  pair.at = hour(0);
  Comparison comparison;
  comparison.verdict = Verdict::mismatch;
  comparison.differences = {{"$.price", Kind::value, "1", "2"}};
  pair.after_write = true;
  pair.legacy.headers.add("content-type", "application/json");
  pair.legacy.body = R"({"price":1})";
  const auto store = opened();
  std::uint64_t superseded = 0;
  for (int i = 0; i < 7; ++i) {
    table.add("orders", {"7", 1, 1}, pair, comparison);
    table.settle("orders", {"7", 1, 1}, "GET", "/orders/2", Arm::monolith, 10, hour(0));
    if (i % 3 == 0) {
      ASSERT_TRUE(store->add(table.take_unsaved(superseded), hour(i)));
    }
  }
  ASSERT_TRUE(store->add(table.take_unsaved(superseded), hour(9)));
  EXPECT_TRUE(table.take_unsaved(superseded).empty()) << "nothing twice";

  DifferenceTable again;
  const auto records = store->records({});
  ASSERT_TRUE(records);
  for (const EpochRecord& saved : *records) again.restore(saved);
  again.track_unsaved();
  const auto before = table.report(), after = again.report();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_EQ(after[0].epoch, "7");
  EXPECT_EQ(after[0].since, before[0].since);
  EXPECT_EQ(after[0].to_monolith, before[0].to_monolith);
  EXPECT_EQ(after[0].to_legacy, before[0].to_legacy);
  ASSERT_EQ(after[0].endpoints.size(), 1U);
  EXPECT_EQ(after[0].endpoints[0].places.at(0).count, 7U);
  ASSERT_EQ(after[0].endpoints[0].places[0].samples.size(), 5U);
  EXPECT_EQ(after[0].endpoints[0].places[0].samples[0].left_body, R"({"price":1})");
  EXPECT_EQ(after[0].endpoints[0].places[0].samples[0].right_body, "");
  EXPECT_EQ(after[0].traffic[0].mismatches_after_write, 7U);
  EXPECT_TRUE(again.take_unsaved(superseded).empty()) << "what was restored is saved";

  // The same epoch of the same rules goes on; another load, as after a restart.
  again.settle("orders", {"7", 1, 1}, "GET", "/orders/2", Arm::monolith, 1, hour(20));
  EXPECT_EQ(again.report()[0].to_legacy[kMatch], 71U);
  const auto unsaved = again.take_unsaved(superseded);
  ASSERT_EQ(unsaved.size(), 1U);
  EXPECT_EQ(unsaved[0].pairs(), 1U);
  EXPECT_EQ(unsaved[0].since, hour(0));
  // Other rules begin anew.
  again.settle("orders", {"7", 2, 2}, "GET", "/orders/2", Arm::monolith, 1, hour(21));
  EXPECT_EQ(again.report()[0].to_legacy[kMatch], 1U);
}

}  // namespace
}  // namespace banyan::shadow
