// `tls:` of a listener and of an upstream.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "config/draft.h"
#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::string listener_with(const std::string& tls) {
  return "listeners:\n  - name: ingress\n    bind: \"127.0.0.1:8080\"\n    tls: " + tls + "\n";
}
std::string upstream_with(const std::string& tls) {
  return "listeners: [{ name: ingress, bind: \"127.0.0.1:8080\" }]\nupstreams:\n  shop:\n"
         "    endpoints: [\"127.0.0.1:9001\"]\n    tls: " +
         tls + "\n";
}

TEST(ServerTls, ACertificateAndItsKeyAreEnough) {
  const Loaded loaded = load_text(listener_with("{ certificate: a.crt, private_key: a.key }"));
  ASSERT_TRUE(loaded.snapshot);
  const auto& tls = loaded.snapshot->listeners.at(0).tls;
  ASSERT_TRUE(tls);
  ASSERT_THAT(tls->identities, SizeIs(1));
  EXPECT_EQ(tls->identities[0].certificate.text, "a.crt");
  EXPECT_EQ(tls->identities[0].private_key.key, "listeners[0].tls.private_key");
  EXPECT_FALSE(tls->client_ca.given());
  EXPECT_TRUE(tls->client_must);
  EXPECT_EQ(tls->rules, TlsRules());
}

TEST(ServerTls, TheSingleCertificateComesFirstWhereverItStands) {
  const Loaded loaded = load_text(listener_with(
      "{ certificates: [{ certificate: b.crt, private_key: b.key }], private_key: a.key, "
      "certificate: a.crt }"));
  ASSERT_TRUE(loaded.snapshot);
  const auto& identities = loaded.snapshot->listeners.at(0).tls->identities;
  ASSERT_THAT(identities, SizeIs(2));
  EXPECT_EQ(identities[0].certificate.text, "a.crt");
  EXPECT_EQ(identities[1].certificate.text, "b.crt");
  EXPECT_EQ(identities[1].certificate.key, "listeners[0].tls.certificates[0].certificate");
}

TEST(ServerTls, EveryValueThatNetJudgesKeepsItsPlace) {
  const Loaded loaded = load_text(listener_with(
      "\n      certificate: a.crt\n      private_key: a.key\n      client_ca: ca.crt\n"
      "      client_auth: optional\n      min_version: 1.3\n      ciphers: HIGH\n"
      "      ciphersuites: TLS_AES_128_GCM_SHA256\n      groups: P-256"));
  ASSERT_TRUE(loaded.snapshot);
  std::vector<std::string> places;
  for (const Problem& p : loaded.tls_values) {
    places.push_back(p.path.substr(std::string("listeners[0].tls.").size()) + ":" +
                     std::to_string(p.line) + ":" + std::to_string(p.column));
  }
  EXPECT_THAT(places, testing::UnorderedElementsAre("certificate:5:20", "private_key:6:20",
                                                    "client_ca:7:18", "ciphers:10:16",
                                                    "ciphersuites:11:21", "groups:12:15"));
  const TlsServer& tls = *loaded.snapshot->listeners.at(0).tls;
  EXPECT_FALSE(tls.client_must);
  EXPECT_EQ(tls.rules.min_version, TlsVersion::v1_3);
}

TEST(ServerTls, WhatIsMissingOrMeaninglessIsSaid) {
  EXPECT_THAT(problems_of(listener_with("{ certificate: a.crt }")),
              ElementsAre("4:25 listeners[0].tls.private_key: missing, but required beside "
                          "certificate"));
  EXPECT_THAT(problems_of(listener_with("{ private_key: a.key }")),
              ElementsAre("4:25 listeners[0].tls.certificate: missing, but required beside "
                          "private_key"));
  EXPECT_THAT(problems_of(listener_with("{ min_version: 1.2 }")),
              ElementsAre("4:10 listeners[0].tls: certificate and private_key, or certificates, "
                          "are needed"));
  EXPECT_THAT(problems_of(listener_with("{ certificate: a, private_key: b, "
                                        "client_auth: required }")),
              ElementsAre("4:57 listeners[0].tls.client_auth: has no meaning without client_ca"));
  EXPECT_THAT(problems_of(listener_with("{ certificates: [{ certificate: a.crt }] }")),
              ElementsAre("4:27 listeners[0].tls.certificates[0].private_key: missing, but "
                          "required"));
}

TEST(ServerTls, VersionsThatAreNotSpokenAreRefused) {
  for (const char* version : {"1.1", "1.0", "1.4", "TLSv1.2", "12", "[1.2]"}) {
    EXPECT_THAT(problems_of(listener_with(std::string("{ certificate: a, private_key: b, "
                                                      "min_version: ") +
                                          version + " }")),
                SizeIs(1))
        << version;
  }
  for (const char* version : {"1.2", "\"1.2\"", "'1.3'"}) {
    EXPECT_THAT(problems_of(listener_with(std::string("{ certificate: a, private_key: b, "
                                                      "min_version: ") +
                                          version + " }")),
                IsEmpty())
        << version;
  }
}

TEST(ClientTls, AnEmptyBlockIsOnAndVerifies) {
  const Loaded loaded = load_text(upstream_with("{}"));
  ASSERT_TRUE(loaded.snapshot);
  const auto& tls = loaded.snapshot->upstreams.at(0).tls;
  ASSERT_TRUE(tls);
  EXPECT_EQ(*tls, TlsClient());
}

TEST(ClientTls, TakesItsKeys) {
  const Loaded loaded = load_text(upstream_with(
      "{ ca: ca.crt, certificate: a.crt, private_key: a.key, server_name: Shop.Test }"));
  ASSERT_TRUE(loaded.snapshot);
  const TlsClient& tls = *loaded.snapshot->upstreams.at(0).tls;
  EXPECT_EQ(tls.ca.key, "upstreams.shop.tls.ca");
  ASSERT_TRUE(tls.identity);
  EXPECT_EQ(tls.identity->private_key.text, "a.key");
  EXPECT_EQ(tls.server_name, "shop.test");
  EXPECT_THAT(loaded.tls_values, SizeIs(3));
}

TEST(ClientTls, ThereIsNoWayAroundVerification) {
  for (const char* key : {"verify", "insecure", "skip_verify"}) {
    EXPECT_THAT(problems_of(upstream_with(std::string("{ ") + key + ": off }")), SizeIs(1));
  }
  EXPECT_THAT(problems_of(upstream_with("off")), SizeIs(1));
}

TEST(ClientTls, ACertificateNeedsItsKey) {
  EXPECT_THAT(problems_of(upstream_with("{ certificate: a.crt }")),
              ElementsAre("5:25 upstreams.shop.tls.private_key: missing, but required beside "
                          "certificate"));
}

}  // namespace
}  // namespace banyan::config
