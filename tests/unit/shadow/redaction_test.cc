#include "shadow/redaction.h"

#include <gtest/gtest.h>

#include <ctime>
#include <functional>
#include <limits>
#include <utility>
#include <vector>

#include "tests/support/seed.h"

namespace banyan::shadow {
namespace {

const Redaction kDefault;

TEST(SecretName, IsTheNameInAnyCaseOrAWordAtItsEnd) {
  for (const char* name : {"password",     "Password",      "PASSWD",
                           "secret",       "token",         "code",
                           "sig",          "api_key",       "api-key",
                           "apiKey",       "access_token",  "refreshToken",
                           "X-CSRF-Token", "client_secret", "newPassword",
                           "x-api-key",    "authorization", "Proxy-Authorization",
                           "cookie",       "Set-Cookie"}) {
    EXPECT_TRUE(is_secret_name(kDefault, name)) << name;
  }
  for (const char* name : {"", "tokens", "country_code", "statusCode", "design", "key", "broken",
                           "secretary", "passwords_changed", "tokenised", "signature"}) {
    EXPECT_FALSE(is_secret_name(kDefault, name)) << name;
  }
}

TEST(SecretName, MayBeConfigured) {
  const Redaction redaction{{"iban"}};
  EXPECT_TRUE(is_secret_name(redaction, "IBAN"));
  EXPECT_FALSE(is_secret_name(redaction, "code"));
}

using Rows = std::vector<std::pair<std::string, std::string>>;

void expect_text(const Rows& rows) {
  for (const auto& [text, shown] : rows) EXPECT_EQ(redacted_text(kDefault, text), shown);
}

TEST(RedactedText, HidesPairs) {
  expect_text({
      {"/a?page=2&token=abc&x=1", "/a?page=2&token=(redacted)&x=1"},
      {"/a?token=abc#top", "/a?token=(redacted)#top"},
      {"code=1&code=2", "code=(redacted)&code=(redacted)"},
      {"password=a%26b&x=1", "password=(redacted)&x=1"},
      {"access_token=abc", "access_token=(redacted)"},
      {"user[password]=abc&b=1", "user[password]=(redacted)&b=1"},
      {"/a?pass%77ord=abc", "/a?pass%77ord=(redacted)"},
      {"https://x.test/cb?code=abc&state=1", "https://x.test/cb?code=(redacted)&state=1"},
      {"/login?next=https%3A%2F%2Fx%2F%3Ftoken%3Dabc%26a%3D1&b=2",
       "/login?next=https%3A%2F%2Fx%2F%3Ftoken%3D(redacted)%26a%3D1&b=2"},
      {"Digest realm=\"a\", token=\"a b\", b=1", "Digest realm=\"a\", token=(redacted), b=1"},
      {"line\\ntoken=abc", "line\\ntoken=(redacted)"},
      {"token=", "token="},
      {"/a?q=token&b=1", "/a?q=token&b=1"},
      {"nothing here", "nothing here"},
  });
}

TEST(RedactedText, HidesWhatStandsEncodedInAValue) {
  expect_text({
      {"/cb?state=%7B%22token%22%3A%22abc%22%7D&x=1",
       "/cb?state=%7B%22token%22%3A(redacted)%7D&x=1"},
      {"/cb?state=%7b%22a%22%3a1%2c%22token%22%3a%22a%5c%22b%22%2c%22c%22%3a2%7d",
       "/cb?state=%7b%22a%22%3a1%2c%22token%22%3a(redacted)%2c%22c%22%3a2%7d"},
      {"state=%7B%22user%22%3A%7B%22password%22%3A%22a%26b%3Dc%22%7D%7D&x=1",
       "state=%7B%22user%22%3A%7B%22password%22%3A(redacted)%7D%7D&x=1"},
      {"state=%7B%22secret%22%3A%7B%22a%22%3A1%7D%7D", "state=%7B%22secret%22%3A(redacted)%7D"},
      {"next=%2Fcb%3Fstate%3D%257B%2522token%2522%253A%2522abc%2522%257D",
       "next=%2Fcb%3Fstate%3D%257B%2522token%2522%253A(redacted)%257D"},
      {"state=%7B%22t%22%3A%22token%22%7D", "state=%7B%22t%22%3A%22token%22%7D"},
      {"token=%22abc%22&x=1", "token=(redacted)&x=1"},
      {"/%7B%22token%22%3A%22abc", "/%7B%22token%22%3A(redacted)"},
      {"100%25%", "100%25%"},
  });
}

TEST(RedactedText, HidesMembers) {
  expect_text({
      {R"({"a":1,"password":"x y","b":2})", R"({"a":1,"password":(redacted),"b":2})"},
      {R"({"token":"a\"b","c":1})", R"({"token":(redacted),"c":1})"},
      {R"({"code":42,"c":1})", R"({"code":(redacted),"c":1})"},
      {R"({"secret":{"a":["x}"]},"c":1})", R"({"secret":(redacted),"c":1})"},
      {R"({"a":[{"api_key" : "x"}]})", R"({"a":[{"api_key" : (redacted)}]})"},
      {R"({"t":"token","u":"x"})", R"({"t":"token","u":"x"})"},
      {R"({"p\u0061ssword":"x"})", R"({"p\u0061ssword":(redacted)})"},
      {R"("{\"token\":\"it's\",\"a\":1}")", R"("{\"token\":(redacted),\"a\":1}")"},
      {"Authorization: Bearer abc", "Authorization: (redacted)"},
  });
}

TEST(RedactedText, HidesElementsAndTags) {
  expect_text({
      {"<user><password>a<b/>c</password><a>1</a></user>",
       "<user><password>(redacted)</password><a>1</a></user>"},
      {"<s:Token type=\"x\">abc</s:Token>1", "<s:Token type=\"x\">(redacted)</s:Token>1"},
      {"<secret>abc", "<secret>(redacted)"},
      {"<token/>abc", "<token/>abc"},
      {"<a token=\"abc\">1</a>", "<a token=(redacted)>1</a>"},
      {"<input name=\"csrf_token\" value=\"abc\">1", "<(redacted)>1"},
      {"<input value='abc' id=token/>1", "<(redacted)>1"},
      {"<meta property=\\\"api-key\\\" content=\\\"abc\\\">", "<(redacted)>"},
      {"<input name=\"page\" value=\"2\">", "<input name=\"page\" value=\"2\">"},
      {"a > b, name=token", "a > b, name=token"},
  });
}

// CPU time of this thread, in seconds; the least of a few.
double cost_of(const std::string& text) {
  const auto now = [] {
    timespec time{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
  };
  double least = std::numeric_limits<double>::max();
  for (int i = 0; i < 3; ++i) {
    const double begin = now();
    (void)redacted_text(kDefault, text);
    least = std::min(least, now() - begin);
  }
  return least;
}

// A client chooses the text.
TEST(RedactedText, TakesTimeInProportionToTheText) {
  const auto often = [](std::string_view piece) {
    return [piece](std::size_t bytes) {
      std::string text;
      while (text.size() < bytes) text += piece;
      return text;
    };
  };
  const auto slashes = [](const std::string& before, const std::string& after) {
    return [=](std::size_t bytes) { return before + std::string(bytes, '\\') + after; };
  };
  const std::vector<std::function<std::string(std::size_t)>> texts{slashes("\"code\":\"", "x\""),
                                                                   slashes("code=\"", "x"),
                                                                   slashes("{\"code\":[", ""),
                                                                   slashes("=", ":"),
                                                                   often("token%3Da%26"),
                                                                   often("token%3Da%23b"),
                                                                   often("token=&"),
                                                                   often("<token>"),
                                                                   often("<a id=token "),
                                                                   often("name=\"token\""),
                                                                   often("="),
                                                                   often(":\""),
                                                                   often("token:{"),
                                                                   often("\\\"token\\\":\\\"")};
  for (const auto& text : texts) {
    const double once = cost_of(text(8 * 1024)), four_times = cost_of(text(32 * 1024));
    EXPECT_LT(four_times, 8 * once + 0.01) << text(16);  // 16 times, where it were the square
  }
}

TEST(RedactedText, HidesWhatPatternsMatchHoweverItIsWritten) {
  Redaction redaction;
  for (const char* expression :
       {R"([a-z]+@[a-z.]+)", R"(\d{4} \d{4})", "https://sign[^\"]*", "\u00e9t\u00e9"}) {
    std::string error;
    ASSERT_TRUE(ValuePattern::parse(expression, redaction.patterns.emplace_back(), error)) << error;
  }
  for (const auto& [text, shown] : Rows{
           {"to anna@example.com", "to (redacted)"},
           {"/a?to=anna%40example.com&b=1", "/a?to=(redacted)&b=1"},
           {"/a?to=anna%2540example.com&b=1", "/a?to=(redacted)&b=1"},
           {R"x({"to":"anna\u0040example.com"})x", R"x({"to":"(redacted)"})x"},
           {R"x("{\"to\":\"anna\\u0040example.com\"}")x", R"x("{\"to\":\"(redacted)\"}")x"},
           {R"x({"at":"https:\/\/sign.test\/a"})x", R"x({"at":"(redacted)"})x"},
           {R"x({"at":"\u00e9t\u00E9"})x", R"x({"at":"(redacted)"})x"},
           {"/a?card=4111+1111&b=1", "/a?card=(redacted)&b=1"},
       }) {
    EXPECT_EQ(redacted_text(redaction, text), shown);
  }
  EXPECT_EQ(redacted_name(redaction, "GET /users/anna%40example.com/a"), "GET /users/(redacted)/a");
  EXPECT_EQ(redacted_name(redaction, "GET /users/anna%2540example.com"), "GET /users/(redacted)");
}

TEST(RedactedText, HidesToTheEndWhereTheValueWasCut) {
  expect_text({
      {R"({"token":"abcdef…)", R"({"token":(redacted))"},
      {R"({"secret":{"a":"x","b":…)", R"({"secret":(redacted))"},
      {R"({"secret":["a",…)", R"({"secret":(redacted))"},
  });
}

TEST(RedactedValue, IsToldByThePath) {
  for (const char* path :
       {"$.token", "$.a.password", "$.a[0].accessToken", "$['api_key']", "$.secret.a[1]['b c']",
        "$['it\\'s'].token", "header:authorization", "header:cookie", "header:set-cookie",
        "header:proxy-authorization", "header:x-auth-token"}) {
    EXPECT_EQ(redacted_value(kDefault, path, "\"abc\""), kRedacted) << path;
    EXPECT_EQ(redacted_value(kDefault, path, ""), "") << path;
  }
  for (const char* path : {"$.tokens", "$.a", "$", "$['a.token']", "status", "body", "header:etag",
                           "$['a\\'].token']"}) {
    EXPECT_EQ(redacted_value(kDefault, path, "\"abc\""), "\"abc\"") << path;
  }
  EXPECT_EQ(redacted_value(kDefault, "header:location", "/cb?code=abc"), "/cb?code=(redacted)");
  EXPECT_EQ(redacted_value(kDefault, "trailer:x-api-key", "abc"), kRedacted);
  EXPECT_EQ(redacted_value(kDefault, "trailer:x-next", "/cb?code=abc"), "/cb?code=(redacted)");
  EXPECT_EQ(redacted_value(kDefault, "trailer:x-sum", "abc"), "abc");
  EXPECT_EQ(redacted_value(kDefault, "$.user", R"({"password":"x"})"),
            R"({"password":(redacted)})");
}

TEST(RedactedText, AnyTextEndsAndASecretNeverComesThrough) {
  std::mt19937_64 random = banyan::test::seeded_random();
  constexpr std::string_view kPieces[] = {"\"", "\\", "'",   "{", "}", "[",  "]",     ":", "=",
                                          "&",  "%",  "%3D", "a", " ", "\n", "token", ",", "\\u00"};
  for (int i = 0; i < 20'000; ++i) {
    std::string noise;
    for (std::size_t n = random() % 20; n > 0; --n) noise += kPieces[random() % std::size(kPieces)];
    const std::string end_reached = redacted_text(kDefault, noise);
    ASSERT_LE(end_reached.size(), noise.size() + noise.size() * kRedacted.size());
    // Behind any noise that is no value itself, a pair of a query is told.
    const std::string shown = redacted_text(kDefault, noise + "&token=hunter2&x=1");
    ASSERT_EQ(shown.find("hunter2"), std::string::npos) << noise;
  }
}

}  // namespace
}  // namespace banyan::shadow
