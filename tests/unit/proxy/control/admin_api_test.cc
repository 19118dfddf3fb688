#include "proxy/control/admin_api.h"

#include "stand.h"

namespace banyan::control {
namespace {

using nlohmann::json;

class AdminApiTest : public Stand {
 protected:
  AdminApiTest()
      : reloader_(
            "config", snapshot_of(config_text()),
            [](const auto&, const auto&) -> Result<void, std::string> { return {}; }, now_),
        api_({*switches_, reloader_, audit_, differences_,
              [this](const auto& read, const auto& done) { return read_store(read, done); },
              events_, [this] { return facts_; },
              [] { return std::string("banyan_build_info 1\n"); },
              [](const std::function<void()>& then) { then(); },
              [this](const Author&, const Reloader::Done& done) { done(reload_status_); },
              [this](const Author& author) { drained_by_ = author.who; }, [this] { return now_; },
              [this] { ++changed_; }, readiness_, [](StatusFacts&) {}}) {
    readiness_.adopt(snapshot_of(config_text()), now_);
    facts_.ready = true;
  }

  AdminResponse ask(const std::string& method, const std::string& target,
                    const std::string& body = "") {
    AdminRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    return ask(request);
  }
  AdminResponse ask(AdminRequest request) {
    if (request.authority.empty()) request.authority = "127.0.0.1:9901";
    std::vector<AdminResponse> answers;
    api_.answer(request, [&](AdminResponse answer) { answers.push_back(std::move(answer)); });
    turn_workers();
    EXPECT_EQ(answers.size(), 1U) << request.method << " " << request.target;
    return answers.empty() ? AdminResponse{} : answers[0];
  }
  json ask_json(const std::string& method, const std::string& target,
                const std::string& body = "") {
    return json::parse(ask(method, target, body).body);
  }

  shadow::DifferenceTable differences_;
  observe::StatsRegistry stats_{1};
  ReadinessBook readiness_{stats_, differences_};
  Events events_;
  Reloader reloader_;
  Reloader::Status reload_status_;
  StatusFacts facts_;
  std::string drained_by_;
  int changed_ = 0;
  AdminApi api_;
};

TEST_F(AdminApiTest, AnswersEveryRequestWithItsStatus) {
  struct Row {
    const char* method;
    const char* target;
    const char* body;
    int status;
  };
  const Row table[] = {
      {"GET", "/livez", "", 200},
      {"HEAD", "/readyz", "", 200},
      {"GET", "/metrics", "", 200},
      {"GET", "/v1/status", "", 200},
      {"GET", "/v1/status?x=1", "", 200},
      {"GET", "/v1/migrations", "", 200},
      {"GET", "/v1/migrations/orders", "", 200},
      {"GET", "/v1/migrations/%6frders", "", 200},
      {"GET", "/v1/migrations/nobody", "", 404},
      {"GET", "/v1/migrations/", "", 404},
      {"GET", "/v1/flags", "", 200},
      {"GET", "/v1/flags/shop", "", 200},
      {"GET", "/v1/flags/nobody", "", 404},
      {"PUT", "/v1/flags/nobody", R"({"percent": 1})", 404},
      {"PUT", "/v1/flags/shop", R"({"percent": 12.345})", 200},
      {"PUT", "/v1/flags/shop", R"({"percent": 0, "reason": "r", "ttl": "2h"})", 200},
      {"PUT", "/v1/flags/shop", "", 400},
      {"PUT", "/v1/flags/shop", "{", 400},
      {"PUT", "/v1/flags/shop", "[]", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": "5"})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": null})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": -1})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 100.001})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 5.00001})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 1e300})", 400},
      {"PUT", "/v1/flags/shop", R"({"percnt": 5})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 5, "reason": 5})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 5, "ttl": "soon"})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 5, "ttl": "0s"})", 400},
      {"PUT", "/v1/flags/shop", R"({"percent": 5, "ttl": 5})", 400},
      {"DELETE", "/v1/flags/shop", "", 200},
      {"DELETE", "/v1/flags/nobody", "", 404},
      {"PATCH", "/v1/flags/shop", "{}", 405},
      {"POST", "/v1/migrations/orders/rollback", "", 200},
      {"POST", "/v1/migrations/orders/rollback", R"({"reason": "r"})", 200},
      {"POST", "/v1/migrations/orders/rollback", R"({"why": "r"})", 400},
      {"POST", "/v1/migrations/nobody/rollback", "", 404},
      {"GET", "/v1/migrations/orders/rollback", "", 405},
      {"POST", "/v1/flags/shop/rollback", "{}", 200},
      {"POST", "/v1/flags/nobody/rollback", "", 404},
      {"POST", "/v1/rollback", "", 200},
      {"POST", "/v1/migrations/orders/rearm", "", 200},
      {"POST", "/v1/migrations/nobody/rearm", "", 404},
      {"GET", "/v1/report", "", 200},
      {"GET", "/v1/report?migration=orders&migration=cart&format=text", "", 200},
      {"GET", "/v1/report?migration=nobody", "", 404},
      {"GET", "/v1/report?format=pdf", "", 400},
      {"GET", "/v1/report?frmat=json", "", 400},
      {"POST", "/v1/reload", "", 200},
      {"GET", "/v1/reload", "", 405},
      {"POST", "/v1/drain", "", 200},
      {"GET", "/v1/audit", "", 200},
      {"GET", "/v1/events", "", 200},
      {"POST", "/v1/events", "", 405},
      {"GET", "/", "", 404},
      {"GET", "/v1", "", 404},
      {"GET", "/v1/status/", "", 404},
      {"GET", "/v2/status", "", 404},
      {"GET", "/v1/flags/%zz", "", 400},
      {"GET", "*", "", 400},
      {"OPTIONS", "/v1/status", "", 405},
  };
  for (const Row& row : table) {
    const AdminResponse answer = ask(row.method, row.target, row.body);
    EXPECT_EQ(answer.status, row.status) << row.method << " " << row.target << " " << row.body;
    if (row.status < 400) continue;
    EXPECT_EQ(answer.content_type, "application/problem+json");
    EXPECT_EQ(json::parse(answer.body)["status"], row.status);
    EXPECT_FALSE(json::parse(answer.body)["title"].get<std::string>().empty());
  }
}

TEST_F(AdminApiTest, TheDoorForProbesServesNothingElseAndAsksForNoHost) {
  for (const auto& [target, status] : {std::pair{"/livez", 200},
                                       {"/readyz", 200},
                                       {"/metrics", 200},
                                       {"/v1/status", 404},
                                       {"/v1/rollback", 404}}) {
    AdminRequest request;
    request.door = Door::health;
    request.method = "GET";
    request.target = target;
    request.authority = "10.1.2.3:9902";
    EXPECT_EQ(ask(request).status, status) << target;
  }
}

TEST_F(AdminApiTest, OnlyALoopbackHostIsAnswered) {
  const std::pair<const char*, int> table[] = {
      {"localhost", 200},      {"LOCALHOST:1", 200},    {"x.localhost", 200},
      {"127.0.0.1", 200},      {"127.9.9.9:80", 200},   {"[::1]", 200},
      {"[::1]:9901", 200},     {"evil.example", 403},   {"evil.example:9901", 403},
      {"localhost.evil", 403}, {"127.0.0.1.evil", 403}, {"10.0.0.1", 403},
      {"[::2]", 403},          {"[::1", 403},           {"evillocalhost", 403},
      {"0.0.0.0", 403},        {":9901", 403}};
  for (const auto& [host, status] : table) {
    AdminRequest request;
    request.method = "GET";
    request.target = "/v1/status";
    request.authority = host;
    EXPECT_EQ(ask(request).status, status) << host;
  }
}

TEST_F(AdminApiTest, AnOriginMustBeTheHost) {
  const std::pair<const char*, int> table[] = {{"http://127.0.0.1:9902", 403},
                                               {"http://evil.example", 403},
                                               {"null", 403},
                                               {"", 403},
                                               {"http://127.0.0.1:9901", 200}};
  for (const auto& [origin, status] : table) {
    AdminRequest request;
    request.method = "POST";
    request.target = "/v1/rollback";
    request.authority = "127.0.0.1:9901";
    request.origin = origin;
    EXPECT_EQ(ask(request).status, status) << origin;
    EXPECT_EQ(latched("orders"), status == 200);
  }
}

TEST_F(AdminApiTest, AnAllowedHostIsAnsweredAndAnOriginMustAgreeWithIt) {
  take(snapshot_of(config_with_admin(
      "{ bind: \"127.0.0.1:0\", allowed_hosts: [shop.test, \"[2001:db8::1]\"] }")));
  const std::pair<const char*, int> table[] = {
      {"shop.test", 200},    {"SHOP.test.:9901", 200}, {"[2001:db8::1]:9901", 200},
      {"localhost", 200},    {"a.shop.test", 403},     {"shop.test.evil", 403},
      {"[2001:db8::2]", 403}};
  for (const auto& [host, status] : table) {
    AdminRequest request;
    request.method = "GET";
    request.target = "/v1/status";
    request.authority = host;
    EXPECT_EQ(ask(request).status, status) << host;
    request.origin = std::string("http://") + host;
    EXPECT_EQ(ask(request).status, status) << host;
    request.origin = "http://other.test";
    EXPECT_EQ(ask(request).status, 403) << host;
  }
}

class AdminTokensTest : public AdminApiTest {
 protected:
  AdminTokensTest() {
    auto tokens = Tokens::parse("t", "bot read r-token\nann operate o-token\nbob admin a-token\n");
    EXPECT_TRUE(tokens);
    api_.admit(std::move(*tokens));
  }
  AdminResponse ask_with(const std::string& authorization, const std::string& method,
                         const std::string& target, const std::string& body = "") {
    AdminRequest request;
    request.method = method;
    request.target = target;
    request.body = body;
    request.who = "says@somebody";
    if (!authorization.empty()) request.authorization = authorization;
    return ask(request);
  }
};

TEST_F(AdminTokensTest, EveryPathAsksForItsRole) {
  const std::pair<const char*, AdminRole> callers[] = {{"", AdminRole::none},
                                                       {"Bearer wrong", AdminRole::none},
                                                       {"Basic r-token", AdminRole::none},
                                                       {"Bearer r-token", AdminRole::read},
                                                       {"bearer o-token", AdminRole::operate},
                                                       {"Bearer a-token", AdminRole::admin}};
  for (const AdminApi::Path& path : AdminApi::paths()) {
    std::string target(path.pattern);
    const bool of_flag = target.find("/flags/") != std::string::npos;
    if (const auto at = target.find("{}"); at != std::string::npos) {
      target.replace(at, 2, of_flag ? "shop" : "orders");
    }
    for (const auto& [authorization, role] : callers) {
      const int status = ask_with(authorization, std::string(path.method), target,
                                  path.method == "PUT" ? R"({"percent": 1})" : "")
                             .status;
      if (role >= path.role) {
        EXPECT_NE(status, 401) << path.method << target << " " << authorization;
        EXPECT_NE(status, 403) << path.method << target << " " << authorization;
      } else {
        EXPECT_EQ(status, role == AdminRole::none ? 401 : 403)
            << path.method << target << " " << authorization;
      }
    }
  }
}

TEST_F(AdminTokensTest, WithoutOneNobodyLearnsWhatThereIs) {
  const AdminResponse answer = ask_with("", "GET", "/v1/nothing");
  EXPECT_EQ(answer.status, 401);
  EXPECT_EQ(answer.content_type, "application/problem+json");
  ASSERT_EQ(answer.headers.size(), 1U);
  EXPECT_EQ(answer.headers[0], (std::pair<std::string, std::string>("www-authenticate", "Bearer")));
  EXPECT_EQ(ask_with("", "PATCH", "/v1/status").status, 401);
  EXPECT_EQ(ask_with("Bearer r-token", "GET", "/v1/nothing").status, 404);
}

TEST_F(AdminTokensTest, TheTokensNameStandsInTheAuditLogAndNotWhatTheCallerSays) {
  EXPECT_EQ(ask_with("Bearer o-token", "POST", "/v1/rollback", R"({"reason": "r"})").status, 200);
  const json entry = audit_.tail().back();
  EXPECT_EQ(entry["who"], "ann");
  EXPECT_EQ(entry["reason"], "r");
}

TEST_F(AdminTokensTest, AreTakenBackWithTheConfiguration) {
  api_.admit(std::nullopt);
  EXPECT_EQ(ask_with("", "POST", "/v1/rollback").status, 200);
}

TEST_F(AdminApiTest, EveryChangeIsToldOnceItIsInForce) {
  const std::pair<const char*, const char*> table[] = {{"PUT", "/v1/flags/shop"},
                                                       {"DELETE", "/v1/flags/shop"},
                                                       {"POST", "/v1/migrations/orders/rollback"},
                                                       {"POST", "/v1/migrations/orders/rearm"},
                                                       {"POST", "/v1/rollback"}};
  int expected = 0;
  for (const auto& [method, target] : table) {
    const bool is_put = std::string_view(method) == "PUT";
    EXPECT_EQ(ask(method, target, is_put ? R"({"percent": 1})" : "").status, 200) << target;
    EXPECT_EQ(changed_, ++expected) << method << target;
  }
}

TEST_F(AdminApiTest, ATtlIsAtMostAYear) {
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 1, "ttl": "8784h"})").status, 200);
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 1, "ttl": "8785h"})").status, 400);
  EXPECT_EQ(ask("PUT", "/v1/flags/shop", R"({"percent": 1, "ttl": "99999999999999h"})").status,
            400);
}

TEST_F(AdminApiTest, AMigrationHasAnETagThatARollbackChangesAndARearmHonours) {
  const auto etag = [&] {
    for (const auto& [name, value] : ask("GET", "/v1/migrations/orders").headers) {
      if (name == "etag") return value;
    }
    return std::string();
  };
  const std::string before = etag();
  EXPECT_FALSE(before.empty());
  EXPECT_EQ(etag(), before);
  EXPECT_EQ(ask("POST", "/v1/migrations/orders/rollback").status, 200);
  EXPECT_NE(etag(), before);
  AdminRequest rearm;
  rearm.method = "POST";
  rearm.target = "/v1/migrations/orders/rearm";
  rearm.if_match = before;
  EXPECT_EQ(ask(rearm).status, 412);
  EXPECT_TRUE(latched("orders"));
  rearm.if_match = etag();
  EXPECT_EQ(ask(rearm).status, 200);
  EXPECT_FALSE(latched("orders"));
}

TEST_F(AdminApiTest, ABodyOverTheLimitIsRefused) {
  EXPECT_EQ(ask("POST", "/v1/rollback", std::string(kAdminBodyBytesMax + 1, ' ')).status, 413);
  EXPECT_FALSE(latched("orders"));
  EXPECT_EQ(ask("POST", "/v1/rollback", std::string(kAdminBodyBytesMax, ' ')).status, 200);
}

TEST_F(AdminApiTest, AWrongMethodNamesTheRightOnes) {
  const AdminResponse answer = ask("POST", "/v1/flags/shop");
  ASSERT_EQ(answer.headers.size(), 1U);
  EXPECT_EQ(answer.headers[0].first, "allow");
  EXPECT_EQ(answer.headers[0].second, "GET, HEAD, PUT, DELETE");
}

TEST_F(AdminApiTest, ARefusedRequestChangesNothing) {
  for (const char* body : {"{", R"({"percent": 101})", R"({"percent": 5, "x": 1})"}) {
    EXPECT_EQ(ask("PUT", "/v1/flags/orders", body).status, 400);
  }
  EXPECT_EQ(share("orders"), 5'000U);
  EXPECT_TRUE(audit_.tail().empty());
}

TEST_F(AdminApiTest, AFlagIsSetAboveTheConfiguration) {
  const json told = ask_json("PUT", "/v1/flags/orders", R"({"percent": 12.5, "reason": "why"})");
  EXPECT_EQ(told["percent"], 12.5);
  EXPECT_EQ(told["durable"], true);
  EXPECT_EQ(share("orders"), 12'500U);
  const json flag = ask_json("GET", "/v1/flags/orders");
  EXPECT_EQ(flag["origin"], "run_time");
  EXPECT_EQ(flag["configured"], 5.0);
  EXPECT_EQ(flag["overridden"], true);
  EXPECT_EQ(flag["run_time"]["reason"], "why");
}

TEST_F(AdminApiTest, IfMatchKeepsTwoOperatorsApart) {
  AdminRequest request;
  request.method = "PUT";
  request.target = "/v1/flags/orders";
  request.body = R"({"percent": 1})";
  request.if_match = "\"0\"";
  EXPECT_EQ(ask(request).status, 412);
  request.if_match = ask("GET", "/v1/flags/orders").headers.at(0).second;
  EXPECT_EQ(ask(request).status, 200);
  EXPECT_EQ(ask(request).status, 412);
  request.if_match = "*";
  EXPECT_EQ(ask(request).status, 200);
  AdminRequest rollback;
  rollback.method = "POST";
  rollback.target = "/v1/rollback";
  rollback.if_match = "\"0\"";
  EXPECT_EQ(ask(rollback).status, 200);
}

TEST_F(AdminApiTest, ARollbackWithoutADiskIsInForceAndSaysSo) {
  std::filesystem::create_directory(dir_.file("latches.json.new"));
  const AdminResponse answer = ask("POST", "/v1/migrations/cart/rollback");
  EXPECT_EQ(answer.status, 202);
  const json told = json::parse(answer.body);
  EXPECT_EQ(told["in_force"], true);
  EXPECT_EQ(told["durable"], false);
  EXPECT_EQ(told["siblings"], json({"stock"}));
  EXPECT_TRUE(latched("cart"));
  EXPECT_EQ(ask_json("GET", "/v1/status")["durable"], false);
}

TEST_F(AdminApiTest, StatusTellsWhoRolledBackAndWhy) {
  AdminRequest request;
  request.method = "POST";
  request.target = "/v1/migrations/orders/rollback";
  request.who = "ann@desk";
  request.peer = "127.0.0.1";
  request.body = R"({"reason": "prices"})";
  EXPECT_EQ(ask(request).status, 200);
  const json status = ask_json("GET", "/v1/status");
  const json& orders = status["migrations"][0];
  EXPECT_EQ(orders["name"], "orders");
  EXPECT_EQ(orders["flag"], "orders");
  EXPECT_EQ(orders["percent"], 5.0);
  EXPECT_EQ(orders["latched"], true);
  EXPECT_EQ(orders["readiness"], "inconclusive");
  EXPECT_EQ(orders["latch"]["who"], "ann@desk from 127.0.0.1");
  EXPECT_EQ(orders["latch"]["reason"], "prices");
  EXPECT_EQ(ask_json("GET", "/v1/audit")["entries"][0]["action"], "rollback");
}

TEST_F(AdminApiTest, ReadinessFollowsTheDrain) {
  facts_.ready = false;
  facts_.draining = true;
  EXPECT_EQ(ask("GET", "/readyz").status, 503);
  EXPECT_EQ(ask("GET", "/readyz").body, "draining\n");
  EXPECT_EQ(ask("GET", "/livez").status, 200);
}

TEST_F(AdminApiTest, ADrainTellsWhoAskedForIt) {
  EXPECT_EQ(ask("POST", "/v1/drain").status, 200);
  EXPECT_EQ(drained_by_, "(unknown)");
}

TEST_F(AdminApiTest, AReloadWithProblemsIs422AndListsThem) {
  reload_status_.ok = false;
  reload_status_.problems = {"banyan.yaml:1:1: error: x"};
  const AdminResponse answer = ask("POST", "/v1/reload");
  EXPECT_EQ(answer.status, 422);
  EXPECT_EQ(json::parse(answer.body)["problems"][0], "banyan.yaml:1:1: error: x");
}

TEST(AdminTarget, TakesAPathAndAQueryApart) {
  const auto target = AdminTarget::parse("/v1/flags/a%2Fb?x=1&x=%32&y=a+b&=z&q");
  ASSERT_TRUE(target);
  EXPECT_EQ(target->segments, (std::vector<std::string>{"v1", "flags", "a/b"}));
  EXPECT_EQ(target->all("x"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(target->first("y"), "a b");
  EXPECT_EQ(target->first("q"), "");
  EXPECT_EQ(target->first("none"), std::nullopt);
  for (const char* bad : {"", "x", "/%", "/%1", "/%zz", "/a?%", "/a?x=%g0"}) {
    EXPECT_FALSE(AdminTarget::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace banyan::control
