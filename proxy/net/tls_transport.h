// proxy/net/tls_transport.h: a Transport over TLS, over one TCP connection.
//
//   handshaking --on_connected--> open --close_notify: on_read_end--> half-closed
//        \------------------\------------ on_transport_error ------------/
//
// What TCP read lies in the loop's slab behind kHeadroom bytes; the plaintext is written into them
// and over what was taken before, so it stays until the iteration ends. Bytes that are written are
// encrypted when the iteration ends.
// TCP's end without a close_notify is an error: what it would end may be cut off (RFC 8446 §6.1).
// Errors of a peer that connected to us have Side::downstream and tell whether it was its handshake
// (tls_handshake), no TLS at all (plain_http), or that it left (client_closed).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/arm.h"
#include "proxy/net/address.h"
#include "proxy/net/loop.h"
#include "proxy/net/out_queue.h"
#include "proxy/net/tcp_transport.h"
#include "proxy/net/tls_context.h"
#include "proxy/net/transport.h"
#include "proxy/net/turns.h"

namespace banyan::net {

// Whom a connection is made to, and who it must turn out to be.
struct TlsPeer {
  std::shared_ptr<TlsClientContext> context;
  std::string name;  // a DNS name, which is also asked for by SNI, or an IP address
};

struct TlsAcceptRules {
  Milliseconds handshake_max{10'000};
  // Told to a client that speaks HTTP without TLS, before its connection is closed.
  std::string_view plain_answer = {};
};

class TlsTransport final : public Transport,
                           private TransportEvents,
                           private Flushable,
                           private Turn {
 public:
  // More plaintext than one record holds, with what surrounds it.
  static constexpr std::size_t kHeadroom = 17 * 1024;
  // Read at once before the handshake is over.
  static constexpr std::size_t kHandshakeReadMax = 16 * 1024;
  // Handshake messages after the handshake (tickets, key updates), and one more for each MiB.
  static constexpr std::uint64_t kLateMessagesMax = 32;

  [[nodiscard]] static std::unique_ptr<TlsTransport> accept(
      Loop& loop, std::unique_ptr<TcpTransport> tcp,
      std::shared_ptr<const TlsServerContext> context, const TlsAcceptRules& rules);
  // How long it may take is for the caller to bound.
  [[nodiscard]] static std::unique_ptr<TlsTransport> connect(Loop& loop, Role role,
                                                             const SocketAddress& to,
                                                             const TlsPeer& peer,
                                                             TransportEvents& events);
  ~TlsTransport() override;

  void start(TransportEvents& events) override;
  void copy(Bytes bytes) override;
  void borrow(Bytes bytes) override;
  void limit_reads(std::size_t bytes_max) override;
  void pause_reading() override;
  void resume_reading() override;
  [[nodiscard]] std::size_t backlog() const override { return plain_.size() + tcp_->backlog(); }
  void finish() override;
  void reset() override;
  [[nodiscard]] const std::string& peer() const override { return tcp_->peer(); }
  [[nodiscard]] const TlsFacts* tls() const override {
    return facts_.version.empty() ? nullptr : &facts_;
  }
  // Whether an earlier session was taken up again.
  [[nodiscard]] bool resumed() const;

  // Every context whose connections are carried by this class.
  static void watch(ssl_ctx_st& context);

 private:
  enum class State : std::uint8_t { handshaking, open, over };
  struct Callbacks;  // of OpenSSL
  // Thousands of connections are idle: what few of them have, or only for a moment, is not in each.
  struct ClientSide {
    std::shared_ptr<TlsClientContext> context;
    std::string session_peer;  // what it keeps sessions by
  };

  TlsTransport(Loop& loop, Role role, ssl_ctx_st& context);
  void name_peer(const std::string& name);

  // TransportEvents, of TCP
  void on_connected() override;
  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_blocked() override;
  void on_writable() override;
  void on_transport_error(Error error) override;
  void on_turn() override;
  void on_handshake_timeout();
  void flush() override;

  void hold(Bytes bytes);
  void take(Bytes ciphertext);
  void shake_hands();
  void established();
  void answer_plain_http();
  void decrypt();
  void encrypt();
  void update_marks();
  [[nodiscard]] std::string fault() const;
  [[nodiscard]] ErrorCode code_of_fault() const;
  void fail(ErrorCode code, std::string detail);

  Loop& loop_;
  const Role role_;
  TransportEvents* events_ = nullptr;
  std::shared_ptr<const TlsServerContext> server_;  // one of the two
  std::unique_ptr<const ClientSide> client_;
  std::unique_ptr<TcpTransport> tcp_;
  SslPtr ssl_;
  OutQueue plain_;
  Bytes in_;                              // ciphertext that is being taken
  std::unique_ptr<std::string> waiting_;  // ciphertext whose turn has not come
  TlsFacts facts_;
  std::unique_ptr<const std::string> client_san_;
  std::string_view plain_answer_;
  Milliseconds handshake_max_{0};
  Timer timer_;
  std::unique_ptr<Error> failed_;  // told at the next flush
  std::size_t read_max_ = Loop::kReadSlabBytes;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t late_messages_ = 0;
  State state_ = State::handshaking;
  bool heard_ = false;       // anything at all
  bool misbehaves_ = false;  // it renegotiates, or floods us with handshake messages
  bool paused_ = false;
  bool read_ended_ = false;
  bool tcp_blocked_ = false;
  bool blocked_ = false;
  bool finishing_ = false;
  bool notified_ = false;  // close_notify was sent
  bool failure_told_ = false;
};

}  // namespace banyan::net
