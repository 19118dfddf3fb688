#include "proxy/net/tls_context.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <vector>

#include "proxy/net/tls_store.h"
#include "tests/support/tls_files.h"

namespace banyan::net {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::SizeIs;

const std::vector<std::string> kHttp1{"http/1.1"};

class TlsContextTest : public testing::Test {
 protected:
  config::TlsServer server(const test::Identity& identity) {
    config::TlsServer settings;
    settings.identities.push_back(folder.identity("server", identity));
    return settings;
  }
  static TlsMade<TlsServerContext> make(const config::TlsServer& settings) {
    TlsFiles files;
    return TlsServerContext::make(settings, TicketKey::random(), kHttp1, files);
  }
  static TlsMade<TlsClientContext> make(const config::TlsClient& settings) {
    TlsFiles files;
    return TlsClientContext::make(settings, kHttp1, files);
  }
  template <class Settings>
  static TlsProblem only_problem(const Settings& settings) {
    const auto made = make(settings);
    if (made || made.error().size() != 1) {
      ADD_FAILURE() << (made ? std::size_t{0} : made.error().size()) << " problems";
      return {};
    }
    return made.error().front();
  }

  test::TlsFolder folder;
  test::Identity ca{{.is_ca = true}};
  test::Identity leaf{{}, &ca};
};

TEST_F(TlsContextTest, IsMadeFromACertificateAndItsKey) {
  const auto made = make(server(leaf));
  ASSERT_TRUE(made);
  ASSERT_THAT((*made)->expiries(), SizeIs(1));
  EXPECT_EQ((*made)->expiries()[0].file, folder.path() + "/server.crt");
  const auto left = (*made)->expiries()[0].at - std::chrono::system_clock::now();
  EXPECT_NEAR(std::chrono::duration<double>(left).count(), test::kDaySeconds, 60);
}

TEST_F(TlsContextTest, AKeyOfAnotherCertificateIsNamed) {
  config::TlsServer settings = server(leaf);
  const test::Identity other({}, &ca);
  settings.identities[0].private_key = folder.file("other.key", other.key_pem(), "a.private_key");
  const TlsProblem problem = only_problem(settings);
  EXPECT_EQ(problem.key, "a.private_key");
  EXPECT_EQ(problem.message,
            folder.path() + "/other.key: is not the key of " + folder.path() + "/server.crt");
}

TEST_F(TlsContextTest, AnExpiredCertificateIsAnErrorWithItsTime) {
  const test::Identity old({.from_seconds = -200, .to_seconds = -100}, &ca);
  const TlsProblem problem = only_problem(server(old));
  EXPECT_EQ(problem.key, "tls.certificate");
  EXPECT_THAT(problem.message, HasSubstr("server.crt: the certificate expired at 20"));
  EXPECT_THAT(problem.message, EndsWith(" UTC"));
}

TEST_F(TlsContextTest, ACertificateThatIsNotValidYetIsAnError) {
  const test::Identity early({.from_seconds = 1000, .to_seconds = 2000}, &ca);
  EXPECT_THAT(only_problem(server(early)).message, HasSubstr("is not valid before 20"));
}

TEST_F(TlsContextTest, AnExpiredIntermediateIsAnError) {
  const test::Identity old({.from_seconds = -200, .to_seconds = -100, .is_ca = true}, &ca);
  config::TlsServer settings = server(leaf);
  folder.file("server.crt", leaf.certificate_pem() + old.certificate_pem(), "");
  EXPECT_THAT(only_problem(settings).message, HasSubstr("a certificate of the chain expired at"));
}

TEST_F(TlsContextTest, FilesThatCanNotBeReadAreEachNamed) {
  config::TlsServer settings = server(leaf);
  settings.identities[0].certificate.text = folder.path() + "/none.crt";
  settings.identities[0].private_key.text = folder.path();
  const auto made = make(settings);
  ASSERT_FALSE(made);
  ASSERT_THAT(made.error(), SizeIs(2));
  EXPECT_EQ(made.error()[0].message,
            folder.path() + "/none.crt: can not be read: No such file or directory");
  EXPECT_EQ(made.error()[1].message, folder.path() + ": is no regular file");
}

TEST_F(TlsContextTest, GarbageIsNoCertificateAndNoKey) {
  config::TlsServer settings = server(leaf);
  settings.identities[0].certificate = folder.file("a.crt", "garbage", "c");
  settings.identities[0].private_key = folder.file("a.key", leaf.certificate_pem(), "k");
  const auto made = make(settings);
  ASSERT_FALSE(made);
  ASSERT_THAT(made.error(), SizeIs(2));
  EXPECT_THAT(made.error()[0].message, EndsWith("a.crt: holds no certificate in PEM form"));
  EXPECT_THAT(made.error()[1].message, EndsWith("a.key: holds no private key in PEM form"));
}

TEST_F(TlsContextTest, ACertificateWithABrokenLineIsSaidToBeBroken) {
  std::string text = leaf.certificate_pem();
  text[text.size() / 2] = text[text.size() / 2] == '!' ? '?' : '!';
  config::TlsServer settings = server(leaf);
  folder.file("server.crt", text, "");
  EXPECT_THAT(only_problem(settings).message, HasSubstr("holds a broken certificate"));
}

TEST_F(TlsContextTest, AKeyWithAPasswordIsRefusedWithoutAsking) {
  BIO* const to = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(to, leaf.key(), EVP_aes_128_cbc(), nullptr, 0, nullptr,
                           const_cast<char*>("secret"));
  char* data = nullptr;
  const long size = BIO_get_mem_data(to, &data);
  config::TlsServer settings = server(leaf);
  folder.file("server.key", {data, static_cast<std::size_t>(size)}, "");
  BIO_free(to);
  EXPECT_THAT(only_problem(settings).message, EndsWith("holds a key that needs a password"));
}

TEST_F(TlsContextTest, ListsThatOpenSslDoesNotKnowAreNamed) {
  config::TlsClient settings;
  settings.rules.ciphers = {"ECDHE+AESGCM:NO-SUCH", "x.ciphers", 0};
  settings.rules.ciphersuites = {"TLS_NO_SUCH", "x.ciphersuites", 0};
  settings.rules.groups = {"X25519:P-999", "x.groups", 0};
  const auto made = make(settings);
  ASSERT_FALSE(made);
  ASSERT_THAT(made.error(), SizeIs(3));
  EXPECT_EQ(made.error()[0].key, "x.ciphers");
  EXPECT_THAT(made.error()[0].message, HasSubstr("\"ECDHE+AESGCM:NO-SUCH\": no list of ciphers"));
  EXPECT_EQ(made.error()[1].key, "x.ciphersuites");
  EXPECT_EQ(made.error()[2].key, "x.groups");
}

TEST_F(TlsContextTest, ACaFileWithoutACertificateIsAnError) {
  config::TlsClient settings;
  settings.ca = folder.file("ca.crt", "", "x.ca");
  EXPECT_EQ(only_problem(settings).key, "x.ca");
}

TEST_F(TlsContextTest, ACaFileOfExpiredCertificatesIsAnErrorABundleWithOneIsNot) {
  const test::Identity old({.from_seconds = -200, .to_seconds = -100, .is_ca = true});
  config::TlsClient settings;
  settings.ca = folder.file("ca.crt", old.certificate_pem(), "x.ca");
  EXPECT_THAT(only_problem(settings).message, HasSubstr("holds only expired certificates"));
  folder.file("ca.crt", old.certificate_pem() + ca.certificate_pem(), "x.ca");
  EXPECT_TRUE(make(settings));
}

TEST_F(TlsContextTest, NamesChooseTheCertificateAndUnknownOnesGetTheFirst) {
  const test::Identity api({.names = "DNS:api.test"}, &ca);
  const test::Identity wild({.names = "DNS:*.shop.test,DNS:Upper.TEST"}, &ca);
  config::TlsServer settings = server(leaf);
  settings.identities.push_back(folder.identity("api", api));
  settings.identities.push_back(folder.identity("wild", wild));
  const auto made = make(settings);
  ASSERT_TRUE(made);
  const auto is_for = [&](std::string_view name, const test::Identity& identity) {
    return X509_cmp(SSL_CTX_get0_certificate(&(*made)->context_for(name)),
                    identity.certificate()) == 0;
  };
  EXPECT_TRUE(is_for("shop.test", leaf));
  EXPECT_TRUE(is_for("api.test", api));
  EXPECT_TRUE(is_for("a.shop.test", wild));
  EXPECT_TRUE(is_for("upper.test", wild));
  EXPECT_TRUE(is_for("a.b.shop.test", leaf));
  EXPECT_TRUE(is_for("other.test", leaf));
  EXPECT_TRUE(is_for("", leaf));
}

class TlsStoreTest : public TlsContextTest {
 protected:
  TlsStoreTest() {
    snapshot.workers = 2;
    snapshot.listeners.emplace_back().name = "ingress";
    snapshot.listeners[0].tls = server(leaf);
    snapshot.upstreams.emplace_back().name = "shop";
    snapshot.upstreams[0].tls.emplace();
    snapshot.upstreams[0].tls->ca = folder.file("ca.crt", ca.certificate_pem(), "u.ca");
  }
  config::Snapshot snapshot;
  TlsStore store;
  const SteadyTime now = std::chrono::steady_clock::now();
};

TEST_F(TlsStoreTest, EveryWorkerHasContextsOfItsOwn) {
  const auto books = store.load(snapshot, now);
  ASSERT_TRUE(books);
  ASSERT_THAT(*books, SizeIs(2));
  EXPECT_NE((*books)[0]->listeners.at("ingress"), (*books)[1]->listeners.at("ingress"));
  EXPECT_NE((*books)[0]->upstreams.at("shop"), (*books)[1]->upstreams.at("shop"));
  EXPECT_THAT(store.expiries(), SizeIs(2));
  EXPECT_EQ(store.directories(), std::vector<std::string>{folder.path()});
}

TEST_F(TlsStoreTest, WhatDidNotChangeKeepsItsContexts) {
  const auto before = store.load(snapshot, now);
  snapshot.upstreams[0].tls->server_name = "other.test";
  const auto after = store.load(snapshot, now);
  ASSERT_TRUE(before && after);
  EXPECT_EQ((*before)[0]->listeners.at("ingress"), (*after)[0]->listeners.at("ingress"));
  EXPECT_NE((*before)[0]->upstreams.at("shop"), (*after)[0]->upstreams.at("shop"));
}

TEST_F(TlsStoreTest, AChangedFileChangesTheFingerprintAndTheContexts) {
  const auto before = store.load(snapshot, now);
  const std::string fingerprint = store.fingerprint();
  EXPECT_EQ(store.fingerprint(), fingerprint);
  const test::Identity next({}, &ca);
  folder.identity("server", next);
  EXPECT_NE(store.fingerprint(), fingerprint);
  const auto after = store.load(snapshot, now);
  ASSERT_TRUE(before && after);
  EXPECT_NE((*before)[0]->listeners.at("ingress"), (*after)[0]->listeners.at("ingress"));
}

TEST_F(TlsStoreTest, ABadFileLeavesEverythingAsItWas) {
  ASSERT_TRUE(store.load(snapshot, now));
  const auto known = store.expiries();
  folder.file("server.key", "garbage", "");
  const auto after = store.load(snapshot, now);
  ASSERT_FALSE(after);
  EXPECT_THAT(after.error(), SizeIs(1));
  EXPECT_EQ(store.expiries().size(), known.size());
}

TEST_F(TlsStoreTest, TheTicketKeyIsMadeAnewAfterItsAge) {
  const auto before = store.load(snapshot, now);
  const auto later = store.load(snapshot, now + TlsStore::kTicketKeyAge);
  ASSERT_TRUE(before && later);
  EXPECT_NE((*before)[0]->listeners.at("ingress"), (*later)[0]->listeners.at("ingress"));
  EXPECT_EQ((*before)[0]->upstreams.at("shop"), (*later)[0]->upstreams.at("shop"));
}

}  // namespace
}  // namespace banyan::net
