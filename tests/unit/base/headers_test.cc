#include "base/headers.h"
#include "base/header_id_table.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>

#include "tests/support/seed.h"

namespace banyan {
namespace {

using testing::ElementsAre;

const std::map<std::string, HeaderId>& known_names() {
  static const std::map<std::string, HeaderId> names{
      {"age", HeaderId::age},
      {"authorization", HeaderId::authorization},
      {"baggage", HeaderId::baggage},
      {"connection", HeaderId::connection},
      {"content-encoding", HeaderId::content_encoding},
      {"content-length", HeaderId::content_length},
      {"content-type", HeaderId::content_type},
      {"cookie", HeaderId::cookie},
      {"date", HeaderId::date},
      {"etag", HeaderId::etag},
      {"expect", HeaderId::expect},
      {"forwarded", HeaderId::forwarded},
      {"grpc-accept-encoding", HeaderId::grpc_accept_encoding},
      {"grpc-encoding", HeaderId::grpc_encoding},
      {"grpc-message", HeaderId::grpc_message},
      {"grpc-status", HeaderId::grpc_status},
      {"grpc-timeout", HeaderId::grpc_timeout},
      {"host", HeaderId::host},
      {"if-match", HeaderId::if_match},
      {"if-modified-since", HeaderId::if_modified_since},
      {"if-none-match", HeaderId::if_none_match},
      {"if-unmodified-since", HeaderId::if_unmodified_since},
      {"keep-alive", HeaderId::keep_alive},
      {"proxy-authenticate", HeaderId::proxy_authenticate},
      {"proxy-authorization", HeaderId::proxy_authorization},
      {"proxy-connection", HeaderId::proxy_connection},
      {"range", HeaderId::range},
      {"server", HeaderId::server},
      {"set-cookie", HeaderId::set_cookie},
      {"te", HeaderId::te},
      {"traceparent", HeaderId::traceparent},
      {"trailer", HeaderId::trailer},
      {"transfer-encoding", HeaderId::transfer_encoding},
      {"upgrade", HeaderId::upgrade},
      {"via", HeaderId::via},
      {"x-banyan-shadow", HeaderId::x_banyan_shadow},
      {"x-forwarded-for", HeaderId::x_forwarded_for},
      {"x-forwarded-host", HeaderId::x_forwarded_host},
      {"x-forwarded-proto", HeaderId::x_forwarded_proto},
      {"accept", HeaderId::accept},
      {"accept-encoding", HeaderId::accept_encoding},
      {"accept-language", HeaderId::accept_language},
      {"accept-ranges", HeaderId::accept_ranges},
      {"cache-control", HeaderId::cache_control},
      {"last-modified", HeaderId::last_modified},
      {"location", HeaderId::location},
      {"origin", HeaderId::origin},
      {"referer", HeaderId::referer},
      {"user-agent", HeaderId::user_agent},
      {"vary", HeaderId::vary},
      {"x-request-id", HeaderId::x_request_id},
  };
  return names;
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; }

std::string upper(std::string text) {
  for (char& c : text) c = upper(c);
  return text;
}

std::vector<std::string> members(std::string_view list) {
  std::vector<std::string> found;
  for_each_list_member(list, [&](std::string_view m) { found.emplace_back(m); });
  return found;
}

TEST(HeaderId, EveryIdHasItsName) {
  EXPECT_EQ(known_names().size(), static_cast<std::size_t>(HeaderId::x_request_id));
}

TEST(HeaderId, KnowsEveryNameInAnyCase_Rfc9110_5_1) {
  for (const auto& [name, id] : known_names()) {
    EXPECT_EQ(header_id(name), id) << name;
    EXPECT_EQ(header_id(upper(name)), id) << name;
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string mixed = name;
      mixed[i] = upper(mixed[i]);
      EXPECT_EQ(header_id(mixed), id) << mixed;
    }
  }
}

TEST(HeaderId, NearMissesAreOther) {
  for (const auto& [name, id] : known_names()) {
    std::vector<std::string> near = {name + "s", name + "-",     "x" + name,
                                     name + " ", name.substr(1), name.substr(0, name.size() - 1)};
    for (std::size_t i = 0; i < name.size(); ++i) {
      near.push_back(name);
      near.back()[i] = '_';
      near.push_back(name);
      near.back()[i] = static_cast<char>(name[i] ^ 1);
      near.push_back(name);
      near.back()[i] = static_cast<char>(name[i] ^ 0x80);
      if (name[i] != '-') continue;
      near.push_back(name);
      near.back()[i] = '\r';  // a dash but for the bit that tells a capital
    }
    for (const std::string& miss : near) {
      if (known_names().contains(miss)) continue;
      EXPECT_EQ(header_id(miss), HeaderId::other) << miss;
    }
  }
}

// The parser asks in the middle of a head: what stands behind a name is not looked at.
TEST(HeaderId, IsTheSameWhateverFollowsTheName) {
  for (const auto& [name, id] : known_names()) {
    for (int c = 0; c < 256; ++c) {
      const std::string line = name + std::string(header_table::kNameMax, static_cast<char>(c));
      EXPECT_EQ(header_table::id_in_line(line.data(), name.size()), id) << name << c;
      EXPECT_EQ(header_table::id_in_line(line.data(), name.size() + 1),
                header_id(name + line.back()))
          << name << c;
    }
  }
}

TEST(HeaderId, StrangeNamesAreOther) {
  EXPECT_EQ(header_id(""), HeaderId::other);
  EXPECT_EQ(header_id(std::string_view("\0", 1)), HeaderId::other);
  EXPECT_EQ(header_id(std::string(70'000, 'a')), HeaderId::other);
  // '@' and '[' differ from '`' and '{' by the bit that tells upper from lower case.
  EXPECT_FALSE(equals_ignoring_case("a@", "a`"));
  EXPECT_FALSE(equals_ignoring_case("[a", "{a"));
}

TEST(EqualsIgnoringCase, SaysOfManyCharactersWhatItSaysOfOne) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string one(1, static_cast<char>(a));
      const std::string other(1, static_cast<char>(b));
      const bool equal = equals_ignoring_case(one, other);
      EXPECT_EQ(equals_ignoring_case("1234567" + one, "1234567" + other), equal) << a << ' ' << b;
      EXPECT_EQ(equals_ignoring_case(one + "23456789", other + "23456789"), equal) << a << ' ' << b;
    }
  }
}

TEST(EqualsIgnoringCase, FoldsAsciiLettersOnly) {
  EXPECT_TRUE(equals_ignoring_case("Set-Cookie", "sET-cOOKIE"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("\xC4", "\xE4"));
}

TEST(Headers, KeepsOrderSpellingAndRepetition) {
  Headers headers;
  headers.add("Set-Cookie", "a=1");
  headers.add("X-Odd", "");
  headers.add("set-cookie", "b=2, c");
  std::vector<std::string> lines;
  for (const Header h : headers) lines.push_back(std::string(h.name) + ": " + std::string(h.value));
  EXPECT_THAT(lines, ElementsAre("Set-Cookie: a=1", "X-Odd: ", "set-cookie: b=2, c"));
  EXPECT_EQ(headers.size(), 3U);
  EXPECT_EQ(headers.count(HeaderId::set_cookie), 2U);
  EXPECT_EQ(headers[1].id, HeaderId::other);
}

TEST(Headers, AreLinesAsTheyAreWritten_Rfc9112_5) {
  Headers headers;
  headers.adopt_lines("Host: a\r\neTag: \"1\"\r\n");
  headers.tell_line(0, 4, 1, HeaderId::host);
  headers.tell_line(9, 4, 3, HeaderId::etag);
  headers.add("X-Odd", "");
  EXPECT_EQ(headers.lines(), "Host: a\r\neTag: \"1\"\r\nX-Odd: \r\n");
  EXPECT_EQ(headers.find(HeaderId::etag), "\"1\"");
  EXPECT_EQ(headers[1].name, "eTag");
}

TEST(Headers, TakeNothingThatIsNotOneLine_Rfc9110_5_5) {
  using namespace std::string_view_literals;
  Headers headers;
  for (const std::string_view bad : {"a\rb"sv, "a\nb"sv, "a\0b"sv, "\r\n"sv}) {
    headers.add("x", bad);
    headers.add(bad, "x");
  }
  for (const std::string_view bad : {""sv, " a"sv, "a:"sv, "a b"sv, "a\t"sv, "a\x80"sv, "{a}"sv})
    headers.add(bad, "x");
  EXPECT_TRUE(headers.empty());
  EXPECT_EQ(headers.lines(), "");
}

TEST(Headers, AKnownNameIsWrittenInLowerCase) {
  for (const auto& [name, id] : known_names()) {
    Headers headers;
    headers.add(id, "v");
    headers.add(id, "a\r\nb");
    EXPECT_EQ(headers.lines(), name + ": v\r\n");
    EXPECT_EQ(headers.find(id), "v");
  }
  Headers headers;
  headers.add(HeaderId::other, "v");
  EXPECT_TRUE(headers.empty());
}

TEST(Headers, AddFromKeepsWhatIsAskedForInOrder) {
  Headers from;
  for (const char* name : {"Via", "a", "Host", "b", "c", "TE"}) from.add(name, "1");
  for (unsigned kept = 0; kept < 64; ++kept) {  // every choice of the six
    Headers to;
    to.add("first", "0");
    std::string expected = "first: 0\r\n";
    std::size_t at = 0;
    const auto is_kept = [&](std::size_t i) { return (kept >> i & 1) != 0; };
    for (std::size_t i = 0; i < from.size(); ++i) {
      if (is_kept(i)) expected += std::string(from[i].name) + ": 1\r\n";
    }
    to.add_from(from, [&](const Header& h) { return h.value == "1" && is_kept(at++); });
    ASSERT_EQ(to.lines(), expected);
    EXPECT_EQ(to.has(HeaderId::host), is_kept(2));
    for (const Header h : to) EXPECT_EQ(h.id, header_id(h.name));
    to.add("last", "2");
    EXPECT_EQ(to.find("last"), "2");
    EXPECT_EQ(to.find(HeaderId::te).has_value(), is_kept(5));
  }
}

// What a list of pairs would say after the same changes.
struct Model {
  std::vector<std::pair<HeaderId, std::string>> fields;

  [[nodiscard]] std::size_t count(HeaderId id) const {
    return static_cast<std::size_t>(std::count_if(
        fields.begin(), fields.end(), [id](const auto& field) { return field.first == id; }));
  }
  void add_from(const Model& other, HeaderIds without) {
    for (const auto& field : other.fields) {
      if (!without.has(field.first)) fields.push_back(field);
    }
  }
  template <class Goes>
  void erase(Goes goes) {
    fields.erase(std::remove_if(fields.begin(), fields.end(), goes), fields.end());
  }
};

void expect_same(const Headers& headers, const Model& model) {
  ASSERT_EQ(headers.size(), model.fields.size());
  std::string lines;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    ASSERT_EQ(headers[i].id, model.fields[i].first);
    ASSERT_EQ(headers[i].value, model.fields[i].second);
    lines += std::string(headers[i].name) + ": " + model.fields[i].second + "\r\n";
    ASSERT_EQ(headers.count(headers[i].id), model.count(headers[i].id));
  }
  ASSERT_EQ(headers.lines(), lines);
}

TEST(Headers, SayWhatAListOfFieldsSaysWhateverIsAddedAndRemoved) {
  constexpr std::array kIds{HeaderId::host, HeaderId::cookie, HeaderId::via, HeaderId::te,
                            HeaderId::x_request_id};
  std::mt19937_64 random = test::seeded_random();
  const auto one = [&] { return kIds[random() % kIds.size()]; };
  const auto some = [&] { return HeaderIds{one(), one()}; };
  Headers headers;
  Headers other;
  Model model;
  Model other_model;
  for (int step = 0; step < 20'000; ++step) {
    const HeaderIds ids = some();
    switch (random() % 6) {
      case 0:
        headers.remove(ids);
        model.erase([&](const auto& field) { return ids.has(field.first); });
        break;
      case 1:
        headers.keep_only([&](const Header& h) { return !ids.has(h.id); });
        model.erase([&](const auto& field) { return ids.has(field.first); });
        break;
      case 2:
        headers.add_from(other, ids);
        model.add_from(other_model, ids);
        break;
      case 3:
        headers.swap(other);
        std::swap(model, other_model);
        break;
      default: {
        const HeaderId id = one();
        const std::string value(random() % 40, 'v');
        headers.add(id, value);
        model.fields.emplace_back(id, value);
      }
    }
    if (headers.size() > 40) {
      headers.clear();
      model.fields.clear();
    }
    ASSERT_NO_FATAL_FAILURE(expect_same(headers, model)) << "step " << step;
    for (const HeaderId id : kIds) ASSERT_EQ(headers.has(id), model.count(id) > 0);
  }
}

TEST(Headers, FindGivesTheFirst) {
  Headers headers;
  headers.add("X-Mine", "1");
  headers.add("Host", "a");
  headers.add("host", "b");
  headers.add("x-mine", "2");
  EXPECT_EQ(headers.find(HeaderId::host), "a");
  EXPECT_EQ(headers.find("X-MINE"), "1");
  EXPECT_EQ(headers.find("HOST"), "a");
  EXPECT_EQ(headers.find(HeaderId::via), std::nullopt);
  EXPECT_EQ(headers.find("x-min"), std::nullopt);
}

TEST(Headers, AnEmptyValueIsFoundAndNotMissing) {
  Headers headers;
  headers.add("TE", "");
  EXPECT_EQ(headers.find(HeaderId::te), "");
}

TEST(Headers, ACopyStandsOnItsOwn) {
  Headers original;
  original.add("Host", "before");
  const Headers copy = original;
  original.clear();
  original.add("Host", "after!");
  EXPECT_EQ(copy.find(HeaderId::host), "before");
}

TEST(Headers, ClearKeepsMemoryAndShrinkGivesItBack) {
  Headers headers;
  headers.add("x", std::string(10'000, 'v'));
  headers.clear();
  EXPECT_TRUE(headers.empty());
  EXPECT_GE(headers.bytes(), 10'000U);
  headers.shrink(100'000);
  EXPECT_GE(headers.bytes(), 10'000U);
  headers.shrink(4'096);
  EXPECT_LE(headers.bytes(), 4'096U);
  headers.add("Host", "a");
  EXPECT_EQ(headers.find(HeaderId::host), "a");
}

TEST(Headers, HasTokenReadsEveryLineOfTheList_Rfc9110_5_6_1) {
  Headers headers;
  headers.add("Connection", "keep-alive ,\tX-Hop");
  headers.add("Via", "close");
  headers.add("connection", ",, CLOSE");
  EXPECT_TRUE(headers.has_token(HeaderId::connection, "close"));
  EXPECT_TRUE(headers.has_token(HeaderId::connection, "keep-alive"));
  EXPECT_TRUE(headers.has_token(HeaderId::connection, "x-hop"));
  EXPECT_FALSE(headers.has_token(HeaderId::connection, "hop"));
  EXPECT_FALSE(headers.has_token(HeaderId::connection, ""));
  EXPECT_FALSE(headers.has_token(HeaderId::te, "close"));
}

TEST(ListMember, EmptyOnesAreSkippedAndSpaceIsTrimmed_Rfc9110_5_6_1) {
  EXPECT_THAT(members("a,b"), ElementsAre("a", "b"));
  EXPECT_THAT(members(" a b\t, ,\t,c"), ElementsAre("a b", "c"));
  EXPECT_THAT(members(""), ElementsAre());
  EXPECT_THAT(members(" "), ElementsAre());
  EXPECT_THAT(members(",,"), ElementsAre());
  EXPECT_THAT(members("a,"), ElementsAre("a"));
}

}  // namespace
}  // namespace banyan
