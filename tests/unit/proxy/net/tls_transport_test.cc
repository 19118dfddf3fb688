#include "proxy/net/tls_transport.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <functional>
#include <vector>

#include "proxy/net/tcp_listener.h"
#include "tests/support/loop_fixture.h"
#include "tests/support/tls_end.h"
#include "tests/support/tls_files.h"

namespace banyan::net {
namespace {

using testing::HasSubstr;

struct Events final : TransportEvents {
  void on_connected() override { ++connected; }
  void on_read(Bytes bytes) override {
    EXPECT_FALSE(bytes.empty());
    EXPECT_EQ(connected, 1);
    text.append(bytes);
    ++reads;
    if (then) then(bytes);
  }
  void on_read_end() override { ++ends; }
  void on_blocked() override { ++blocked; }
  void on_writable() override { ++writable; }
  void on_transport_error(Error e) override {
    EXPECT_FALSE(error) << "told twice";
    error = std::move(e);
  }
  [[nodiscard]] bool has(ErrorCode code) const { return error && error->code == code; }
  int connected = 0;
  int reads = 0;
  int ends = 0;
  int blocked = 0;
  int writable = 0;
  std::string text;
  std::optional<Error> error;
  std::function<void(Bytes)> then;
};

const std::vector<std::string> kHttp1{"http/1.1"};
constexpr std::string_view kPlainAnswer = "this is TLS\n";

using Method = const SSL_METHOD* (*)();

class TlsTransportTest : public test::LoopTest, public testing::WithParamInterface<int> {
 protected:
  TlsTransportTest() {
    server_settings.identities.push_back(folder.identity("server", leaf));
    client_settings.ca = folder.file("ca.crt", ca.certificate_pem(), "ca");
    const Result<int> fd = bind_tcp(*SocketAddress::parse("127.0.0.1", 0), Sharing::nobody);
    port = SocketAddress::local_of(*fd).port();
    listener = *TcpListener::listen(loop, *fd, [this](std::unique_ptr<TcpTransport> tcp) {
      transport =
          TlsTransport::accept(loop, std::move(tcp), server_context(),
                               {.handshake_max = handshake_max, .plain_answer = kPlainAnswer});
      transport->start(events);
    });
  }
  ~TlsTransportTest() override {
    end.reset();
    SSL_CTX_free(end_context);
  }

  std::shared_ptr<const TlsServerContext> server_context() {
    if (server == nullptr) {
      TlsFiles files;
      auto made = TlsServerContext::make(server_settings, ticket_key, kHttp1, files);
      EXPECT_TRUE(made);
      server = *made;
    }
    return server;
  }
  std::shared_ptr<TlsClientContext> client_context() {
    if (client == nullptr) {
      TlsFiles files;
      auto made = TlsClientContext::make(client_settings, kHttp1, files);
      EXPECT_TRUE(made);
      client = *made;
    }
    return client;
  }

  // A client of OpenSSL that trusts anybody; nothing is said yet.
  void dial() {
    if (end_context == nullptr) end_context = SSL_CTX_new(TLS_client_method());
    limit_version();
    end = std::make_unique<test::TlsEnd>(*end_context, test::Peer::connected_to(port), false);
  }
  void limit_version() {
    SSL_CTX_set_max_proto_version(end_context, version);
    SSL_CTX_set_security_level(end_context, 0);
  }
  [[nodiscard]] bool pumped(const std::function<bool()>& condition) {
    return run_until([&] {
      if (end != nullptr) end->pump();
      return condition();
    });
  }
  void accept() {
    dial();
    ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done(); }));
  }

  // A server of OpenSSL with the certificate of `identity`.
  void serve(const test::Identity& identity) {
    if (end_context == nullptr) end_context = SSL_CTX_new(TLS_server_method());
    limit_version();
    SSL_CTX_use_certificate(end_context, identity.certificate());
    SSL_CTX_use_PrivateKey(end_context, identity.key());
  }
  void connect(const std::string& name = "shop.test") {
    transport = TlsTransport::connect(loop, Role::primary,
                                      *SocketAddress::parse("127.0.0.1", listening.port()),
                                      {client_context(), name}, events);
    std::unique_ptr<test::Peer> peer;
    ASSERT_TRUE(run_until([&] { return (peer = listening.accept()) != nullptr; }));
    end = std::make_unique<test::TlsEnd>(*end_context, std::move(peer), true);
  }

  test::TlsFolder folder;
  test::Identity ca{{.is_ca = true}};
  test::Identity leaf{{}, &ca};
  config::TlsServer server_settings;
  config::TlsClient client_settings;
  TicketKey ticket_key = TicketKey::random();
  Milliseconds handshake_max{10'000};
  int version = TLS1_3_VERSION;
  std::uint16_t port = 0;
  test::Listening listening;
  Events events;
  std::shared_ptr<const TlsServerContext> server;
  std::shared_ptr<TlsClientContext> client;
  std::unique_ptr<TcpListener> listener;
  std::unique_ptr<TlsTransport> transport;
  SSL_CTX* end_context = nullptr;
  std::unique_ptr<test::TlsEnd> end;
};

class EitherVersion : public TlsTransportTest {
 protected:
  EitherVersion() { version = GetParam(); }
};
INSTANTIATE_TEST_SUITE_P(Tls, EitherVersion, testing::Values(TLS1_2_VERSION, TLS1_3_VERSION),
                         [](const auto& p) {
                           return std::string(p.param == TLS1_2_VERSION ? "1_2" : "1_3");
                         });

// ---- as a server ------------------------------------------------------------------------------

TEST_P(EitherVersion, CarriesBytesBothWays) {
  accept();
  end->write("ping");
  ASSERT_TRUE(pumped([&] { return events.text == "ping"; }));
  transport->copy("po");
  transport->borrow("ng");
  ASSERT_TRUE(pumped([&] { return end->text == "pong"; }));
  ASSERT_NE(transport->tls(), nullptr);
  EXPECT_EQ(transport->tls()->version, GetParam() == TLS1_2_VERSION ? "1.2" : "1.3");
  EXPECT_EQ(transport->tls()->client_san, "");
  EXPECT_FALSE(transport->resumed());
}

TEST_P(EitherVersion, TakesBytesOneByOneAndLosesNone) {
  dial();
  end->step = 1;
  ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done() && end->all_sent(); }));
  end->write("GET / HTTP/1.1\r\n\r\n");
  ASSERT_TRUE(pumped([&] { return events.text == "GET / HTTP/1.1\r\n\r\n"; }));
}

TEST_P(EitherVersion, ManyMebibytesPassBothWaysWithBackpressure) {
  accept();
  const std::size_t size = 8 * 1024 * 1024;
  std::string sent;
  for (std::size_t i = 0; sent.size() < size; ++i) sent += std::to_string(i) + ",";
  events.then = [&](Bytes bytes) { transport->borrow(bytes); };  // an echo
  std::size_t written = 0;
  ASSERT_TRUE(pumped([&] {
    if (end->all_sent() && written < sent.size()) {
      const auto some = std::string_view(sent).substr(written, 100'000);
      end->write(some);
      written += some.size();
    }
    return end->text.size() == sent.size();
  }));
  EXPECT_TRUE(end->text == sent);
  EXPECT_TRUE(events.text == sent);
}

TEST_P(EitherVersion, TellsTheProducerWhenItsBytesPileUpAndWhenTheyAreGone) {
  accept();
  end->reads = false;
  std::size_t written = 0;
  const std::string some(64 * 1024, 'x');
  ASSERT_TRUE(run_until([&] {
    if (events.blocked == 0) transport->copy(some), written += some.size();
    return events.blocked == 1;
  }));
  EXPECT_GT(transport->backlog(), Transport::kBacklogLow);
  EXPECT_EQ(events.writable, 0);
  end->reads = true;
  ASSERT_TRUE(pumped([&] { return end->text.size() == written; }));
  EXPECT_EQ(events.writable, 1);
  EXPECT_EQ(transport->backlog(), 0U);
}

TEST_P(EitherVersion, CloseNotifyIsAnOrderlyEndAndBytesStillLeave) {
  accept();
  end->write("question");
  end->close_notify();
  ASSERT_TRUE(pumped([&] { return events.ends == 1; }));
  EXPECT_EQ(events.text, "question");
  transport->copy("answer");
  transport->finish();
  ASSERT_TRUE(pumped([&] { return end->ended && end->socket().ended(); }));
  EXPECT_EQ(end->text, "answer");
  EXPECT_FALSE(events.error);
}

TEST_P(EitherVersion, AnEndOfTcpWithoutCloseNotifyIsAnError) {
  accept();
  end->write("half of it");
  end->socket().finish();
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.text, "half of it");
  EXPECT_EQ(events.ends, 0);
  EXPECT_EQ(events.error->detail, "TLS: closed without close_notify");
}

TEST_P(EitherVersion, DestroyingItSaysCloseNotify) {
  accept();
  transport.reset();
  ASSERT_TRUE(pumped([&] { return end->ended && end->socket().ended(); }));
}

TEST_P(EitherVersion, ResetIsSeenAsAReset) {
  accept();
  transport->copy("never");
  transport->reset();
  ASSERT_TRUE(pumped([&] { return end->socket().was_reset(); }));
  EXPECT_FALSE(end->ended);
  EXPECT_EQ(end->text, "");
}

TEST_P(EitherVersion, EverythingOfOneIterationLeavesAtItsEnd) {
  accept();
  const std::size_t before = transport->backlog();
  transport->copy("one ");
  transport->copy("two");
  EXPECT_EQ(transport->backlog(), before + 7);
  ASSERT_TRUE(pumped([&] { return end->text == "one two"; }));
}

TEST_P(EitherVersion, APausedTransportLeavesBytesInTheKernel) {
  accept();
  transport->pause_reading();
  end->write("later");
  test::run_for(loop, Milliseconds(50));
  EXPECT_EQ(events.text, "");
  transport->resume_reading();
  ASSERT_TRUE(run_until([&] { return events.text == "later"; }));
}

TEST_P(EitherVersion, ASessionIsResumedByItsTicket) {
  accept();
  ASSERT_TRUE(pumped([&] { return end->all_sent(); }));
  transport->copy("x");
  ASSERT_TRUE(pumped([&] { return end->text == "x"; }));
  SSL_SESSION* const session = SSL_get1_session(end->ssl());
  ASSERT_EQ(SSL_SESSION_is_resumable(session), 1);
  events = {};
  dial();
  SSL_set_session(end->ssl(), session);
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_TRUE(transport->resumed());
  // Another key, as after a change of a CA: the session is worth nothing.
  ticket_key = TicketKey::random();
  server.reset();
  events = {};
  dial();
  SSL_set_session(end->ssl(), session);
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_FALSE(transport->resumed());
  SSL_SESSION_free(session);
}

TEST_F(TlsTransportTest, BytesWrittenDuringTheHandshakeLeaveOnceItIsOver) {
  dial();
  ASSERT_TRUE(run_until([&] { return transport != nullptr; }));
  transport->copy("early");
  ASSERT_TRUE(pumped([&] { return end->text == "early"; }));
}

TEST_F(TlsTransportTest, MoreThanTheMarkDuringTheHandshakeBlocks) {
  dial();
  ASSERT_TRUE(run_until([&] { return transport != nullptr; }));
  transport->copy(std::string(Transport::kBacklogHigh + 1, 'x'));
  ASSERT_TRUE(run_until([&] { return events.blocked == 1; }));
  ASSERT_TRUE(pumped([&] { return events.writable == events.blocked && events.connected == 1; }));
}

TEST_F(TlsTransportTest, PlainHttpIsToldSo) {
  const auto peer = test::Peer::connected_to(port);
  peer->send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::plain_http));
  EXPECT_EQ(events.error->side, Side::downstream);
  transport.reset();
  ASSERT_TRUE(run_until([&] { return peer->ended(); }));
  EXPECT_EQ(peer->received(), kPlainAnswer);
}

TEST_F(TlsTransportTest, GarbageIsAFailedHandshake) {
  const auto peer = test::Peer::connected_to(port);
  peer->send(std::string("\x16\x03\x01\x00\x05hello and more", 19));
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::tls_handshake)) << events.error->detail;
}

TEST_F(TlsTransportTest, AConnectionWithoutAByteIsNoFailedHandshake) {
  auto peer = test::Peer::connected_to(port);
  peer->close();
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::client_closed));
}

// Cut at any byte of its first flight, a client's handshake has failed, whichever way it goes.
TEST_F(TlsTransportTest, EveryCutOfAHandshakeIsAFailedHandshake) {
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  SSL* const ssl = SSL_new(context);
  SSL_set_connect_state(ssl);
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
  SSL_do_handshake(ssl);
  std::string hello(4096, '\0');
  hello.resize(std::size_t(BIO_read(SSL_get_wbio(ssl), hello.data(), int(hello.size()))));
  SSL_free(ssl);
  SSL_CTX_free(context);
  for (std::size_t size = 1; size <= hello.size(); size += 13) {
    for (const bool resets : {false, true}) {
      events = {};
      const auto peer = test::Peer::connected_to(port);
      peer->send(hello.substr(0, size));
      const int reads = events.reads;
      ASSERT_TRUE(run_until([&] { return transport != nullptr; }));
      turn();
      EXPECT_EQ(events.reads, reads);
      resets ? peer->reset() : peer->finish();
      ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
      // A reset may take what was sent before it away.
      EXPECT_TRUE(resets || events.has(ErrorCode::tls_handshake)) << size;
      transport.reset();
    }
  }
}

TEST_F(TlsTransportTest, AHandshakeThatStallsTimesOut) {
  handshake_max = Milliseconds(500);  // the byte must come first, on a busy machine too
  const auto peer = test::Peer::connected_to(port);
  peer->send("\x16");
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::tls_handshake));
  EXPECT_THAT(events.error->detail, HasSubstr("too long"));
}

TEST_P(EitherVersion, BrokenRecordsEndAnOpenConnection) {
  accept();
  end->socket().send(std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'x'));
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::client_closed));
  EXPECT_EQ(events.text, "");
}

TEST_P(EitherVersion, AResetOfAnOpenConnectionIsAnError) {
  accept();
  end->socket().reset();
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.ends, 0);
}

TEST_F(TlsTransportTest, RenegotiationIsRefused) {
  version = TLS1_2_VERSION;
  accept();
  SSL_renegotiate(end->ssl());
  SSL_do_handshake(end->ssl());
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_THAT(events.error->detail, HasSubstr("renegotiates"));
}

TEST_F(TlsTransportTest, AFloodOfKeyUpdatesEndsTheConnection) {
  accept();
  ASSERT_TRUE(pumped([&] {
    if (!events.error && SSL_get_key_update_type(end->ssl()) == SSL_KEY_UPDATE_NONE) {
      SSL_key_update(end->ssl(), SSL_KEY_UPDATE_REQUESTED);
      SSL_do_handshake(end->ssl());
    }
    return events.error.has_value();
  }));
  EXPECT_THAT(events.error->detail, HasSubstr("too many handshake messages"));
}

TEST_F(TlsTransportTest, AFewKeyUpdatesAreFine) {
  accept();
  for (int i = 0; i < 10; ++i) {
    SSL_key_update(end->ssl(), SSL_KEY_UPDATE_REQUESTED);
    end->write("x");
    ASSERT_TRUE(pumped([&] { return events.text.size() == std::size_t(i) + 1; }));
    transport->copy("y");
    ASSERT_TRUE(pumped([&] { return end->text.size() == std::size_t(i) + 1; }));
  }
  EXPECT_FALSE(events.error);
}

TEST_F(TlsTransportTest, TlsBelow1_2IsRefused) {
  version = TLS1_1_VERSION;
  dial();
  SSL_CTX_set_min_proto_version(end_context, TLS1_1_VERSION);
  SSL_set_min_proto_version(end->ssl(), TLS1_1_VERSION);
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::tls_handshake));
}

TEST_F(TlsTransportTest, MinVersion1_3Refuses1_2) {
  server_settings.rules.min_version = config::TlsVersion::v1_3;
  version = TLS1_2_VERSION;
  dial();
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
}

TEST_F(TlsTransportTest, AProtocolThatNobodySpeaksIsRefused) {
  dial();
  const std::string_view offered("\x02h2", 3);
  SSL_set_alpn_protos(end->ssl(), reinterpret_cast<const unsigned char*>(offered.data()), 3);
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::tls_handshake));
}

TEST_F(TlsTransportTest, AlpnChoosesWhatBothSpeak) {
  dial();
  const std::string_view offered("\x02h2\x08http/1.1", 12);
  SSL_set_alpn_protos(end->ssl(), reinterpret_cast<const unsigned char*>(offered.data()), 12);
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_EQ(transport->tls()->protocol, "http/1.1");
}

TEST_P(EitherVersion, AClientWithoutTheRequiredCertificateIsRefused) {
  server_settings.client_ca = folder.file("ca.crt", ca.certificate_pem(), "client_ca");
  dial();
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::tls_handshake));
  EXPECT_EQ(events.connected, 0);
}

TEST_P(EitherVersion, ClientCertificatesAreVerifiedAndNamed) {
  server_settings.client_ca = folder.file("ca.crt", ca.certificate_pem(), "client_ca");
  server_settings.client_must = false;
  accept();  // without one
  EXPECT_EQ(transport->tls()->client_san, "");
  const test::Identity cart({.names = "URI:spiffe://shop/cart,DNS:cart.test"}, &ca);
  const test::Identity stranger({.names = "DNS:cart.test"});
  for (const test::Identity* who : {&cart, &stranger}) {
    events = {};
    SSL_CTX_use_certificate(end_context, who->certificate());
    SSL_CTX_use_PrivateKey(end_context, who->key());
    dial();
    ASSERT_TRUE(pumped([&] { return events.connected == 1 || events.error; }));
    if (who == &cart) {
      ASSERT_NE(transport->tls(), nullptr);
      EXPECT_EQ(transport->tls()->client_san, "URI:spiffe://shop/cart,DNS:cart.test");
    } else {
      EXPECT_TRUE(events.has(ErrorCode::tls_handshake));
    }
  }
}

TEST_F(TlsTransportTest, HandshakesOfOneIterationWaitForTheirTurnAndAllComeThrough) {
  constexpr std::size_t kMany = Turns::kEachIteration * 4 + 1;
  struct Line {
    Events events;
    std::unique_ptr<TlsTransport> transport;
    std::unique_ptr<test::TlsEnd> end;
  };
  std::vector<std::unique_ptr<Line>> lines;
  listener.reset();
  const Result<int> fd = bind_tcp(*SocketAddress::parse("127.0.0.1", 0), Sharing::nobody);
  port = SocketAddress::local_of(*fd).port();
  std::size_t accepted = 0;
  listener = *TcpListener::listen(loop, *fd, [&](std::unique_ptr<TcpTransport> tcp) {
    Line& line = *lines[accepted++];
    line.transport = TlsTransport::accept(loop, std::move(tcp), server_context(), {});
    line.transport->start(line.events);
  });
  for (std::size_t i = 0; i < kMany; ++i) {
    dial();
    lines.push_back(std::make_unique<Line>());
    lines.back()->end = std::move(end);
    lines.back()->end->pump();
  }
  lines[7]->end->socket().reset();  // while it waits
  ASSERT_TRUE(run_until([&] {
    std::size_t over = 0;
    for (const auto& line : lines) {
      line->end->pump();
      over += line->events.connected == 1 || line->events.error ? 1U : 0U;
    }
    return over == kMany;
  }));
  std::size_t connected = 0;
  for (const auto& line : lines) connected += std::size_t(line->events.connected);
  EXPECT_GE(connected, kMany - 1);
}

// ---- as a client ------------------------------------------------------------------------------

TEST_P(EitherVersion, ConnectsToAServerThatItCanVerify) {
  serve(leaf);
  connect();
  ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done(); }));
  EXPECT_STREQ(SSL_get_servername(end->ssl(), TLSEXT_NAMETYPE_host_name), "shop.test");
  transport->copy("ping");
  ASSERT_TRUE(pumped([&] { return end->text == "ping"; }));
  end->write("pong");
  ASSERT_TRUE(pumped([&] { return events.text == "pong"; }));
}

TEST_P(EitherVersion, AnAddressIsVerifiedAndNotAskedForByName) {
  serve(leaf);
  connect("127.0.0.1");
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_EQ(SSL_get_servername(end->ssl(), TLSEXT_NAMETYPE_host_name), nullptr);
}

struct Refusal {
  const char* name;
  test::CertificateWish wish;
  bool by_ca;
  const char* asked;
  const char* detail;
};
class Refused : public TlsTransportTest {};

TEST_F(Refused, WhateverCanNotBeVerified) {
  const std::vector<Refusal> all{
      {"wrong name", {.names = "DNS:other.test"}, true, "shop.test", "hostname mismatch"},
      {"wrong address", {.names = "IP:127.0.0.2"}, true, "127.0.0.1", "IP address mismatch"},
      {"unknown CA", {}, false, "shop.test", "self-signed certificate"},
      {"expired", {.from_seconds = -200, .to_seconds = -100}, true, "shop.test", "has expired"},
      {"not yet", {.from_seconds = 100, .to_seconds = 200}, true, "shop.test", "not yet valid"},
  };
  for (const Refusal& r : all) {
    events = {};
    const test::Identity shown(r.wish, r.by_ca ? &ca : nullptr);
    serve(shown);
    connect(r.asked);
    ASSERT_TRUE(pumped([&] { return events.error.has_value(); })) << r.name;
    EXPECT_EQ(events.connected, 0) << r.name;
    EXPECT_TRUE(events.has(ErrorCode::upstream_tls)) << r.name;
    EXPECT_EQ(events.error->retry, Retry::safe) << r.name;
    EXPECT_THAT(events.error->detail, HasSubstr(r.detail)) << r.name;
    transport.reset();
  }
}

TEST_F(TlsTransportTest, ASelfSignedCertificateIsItsOwnCa) {
  const test::Identity alone({});
  client_settings.ca = folder.file("ca.crt", alone.certificate_pem(), "ca");
  serve(alone);
  connect();
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
}

TEST_F(TlsTransportTest, ByDefaultTheSystemsCasCount) {
  client_settings.ca = {};
  serve(leaf);
  connect();
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::upstream_tls));
}

TEST_F(TlsTransportTest, AServerWithoutTlsIsAnError) {
  serve(leaf);
  connect();
  end->socket().send("HTTP/1.1 400 Bad Request\r\n\r\n");
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::upstream_tls));
}

TEST_P(EitherVersion, WhereOnlyHttp2WillDoAServerWithoutItIsRefused) {
  serve(leaf);
  TlsFiles files;
  client = *TlsClientContext::make(client_settings, {"h2"}, files);
  connect();
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.connected, 0);
  EXPECT_TRUE(events.has(ErrorCode::upstream_tls));
  EXPECT_THAT(events.error->detail, HasSubstr("ALPN"));
}

TEST_P(EitherVersion, Http2IsAgreedOnByAlpn) {
  serve(leaf);
  const auto choose = [](SSL*, const unsigned char** out, unsigned char* out_size,
                         const unsigned char* offered, unsigned, void*) {
    *out = offered + 1;  // the first one
    *out_size = *offered;
    return SSL_TLSEXT_ERR_OK;
  };
  SSL_CTX_set_alpn_select_cb(end_context, choose, nullptr);
  TlsFiles files;
  client = *TlsClientContext::make(client_settings, {"h2"}, files);
  connect();
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_EQ(transport->tls()->protocol, "h2");
}

TEST_F(TlsTransportTest, AServerThatClosesInTheHandshakeIsAnError) {
  serve(leaf);
  connect();
  end->socket().close();
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_EQ(events.connected, 0);
}

TEST_F(TlsTransportTest, NobodyListeningIsARefusal) {
  transport = TlsTransport::connect(loop, Role::primary,
                                    *SocketAddress::parse("127.0.0.1", test::refusing_port()),
                                    {client_context(), "shop.test"}, events);
  ASSERT_TRUE(run_until([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::connect_refused));
}

TEST_P(EitherVersion, ShowsItsCertificate) {
  const test::Identity own({.names = "DNS:proxy.test"}, &ca);
  client_settings.identity = folder.identity("own", own);
  serve(leaf);
  X509_STORE_add_cert(SSL_CTX_get_cert_store(end_context), ca.certificate());
  SSL_CTX_set_verify(end_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  connect();
  ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done(); }));
  EXPECT_EQ(X509_cmp(SSL_get0_peer_certificate(end->ssl()), own.certificate()), 0);
}

TEST_P(EitherVersion, AServerThatMissesACertificateIsATlsError) {
  serve(leaf);
  SSL_CTX_set_verify(end_context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  connect();
  ASSERT_TRUE(pumped([&] { return events.error.has_value(); }));
  EXPECT_TRUE(events.has(ErrorCode::upstream_tls)) << events.error->detail;
}

TEST_P(EitherVersion, TheNextConnectionResumesTheSession) {
  serve(leaf);
  SSL_CTX_set_session_id_context(end_context, reinterpret_cast<const unsigned char*>("t"), 1);
  for (const bool resumed : {false, true, true}) {
    events = {};
    connect();
    ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done(); }));
    EXPECT_EQ(transport->resumed(), resumed);
    end->write("x");
    ASSERT_TRUE(pumped([&] { return events.text == "x"; }));
    transport.reset();
  }
  client.reset();  // a new context, as after a change of the CA
  events = {};
  connect();
  ASSERT_TRUE(pumped([&] { return events.connected == 1; }));
  EXPECT_FALSE(transport->resumed());
}

TEST_P(EitherVersion, PausedDuringTheHandshakeItDoesNotRead) {
  serve(leaf);
  connect();
  transport->pause_reading();
  ASSERT_TRUE(pumped([&] { return events.connected == 1 && end->done(); }));
  end->write("later");
  test::run_for(loop, Milliseconds(50));
  EXPECT_EQ(events.text, "");
  transport->resume_reading();
  ASSERT_TRUE(run_until([&] { return events.text == "later"; }));
}

}  // namespace
}  // namespace banyan::net
