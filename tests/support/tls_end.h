// tests/support/tls_end.h: the other end of a TLS connection, made of OpenSSL and a scripted peer
// alone.
#pragma once

#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/scripted_peer.h"

namespace banyan::test {

class TlsEnd {
 public:
  // Takes a reference of `context`.
  TlsEnd(SSL_CTX& context, std::unique_ptr<Peer> peer, bool is_server)
      : peer_(std::move(peer)), ssl_(SSL_new(&context)) {
    SSL_set_bio(ssl_, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    if (is_server) {
      SSL_set_accept_state(ssl_);
    } else {
      SSL_set_connect_state(ssl_);
    }
  }
  ~TlsEnd() {
    // OpenSSL holds the session of a connection that just ends to be broken.
    SSL_set_shutdown(ssl_, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
    SSL_free(ssl_);
  }
  TlsEnd(const TlsEnd&) = delete;
  TlsEnd& operator=(const TlsEnd&) = delete;

  // Whatever can be done without waiting.
  void pump() {
    const std::string arrived = peer_->take();
    if (!arrived.empty()) BIO_write(SSL_get_rbio(ssl_), arrived.data(), int(arrived.size()));
    if (!SSL_is_init_finished(ssl_)) SSL_do_handshake(ssl_);
    std::array<char, 16384> some;
    for (std::size_t n = 0; reads;) {
      const int rc = SSL_read_ex(ssl_, some.data(), some.size(), &n);
      if (rc == 1) {
        text.append(some.data(), n);
        continue;
      }
      const int why = SSL_get_error(ssl_, rc);
      ended = ended || why == SSL_ERROR_ZERO_RETURN;
      failed = failed || why == SSL_ERROR_SSL;
      break;
    }
    send();
  }
  void write(std::string_view bytes) {
    std::size_t n = 0;
    EXPECT_EQ(SSL_write_ex(ssl_, bytes.data(), bytes.size(), &n), 1);
    send();
  }
  // What is encrypted and was not sent, as far as the kernel and the step allow.
  void send() {
    std::array<char, 65536> some;
    const int n = BIO_read(SSL_get_wbio(ssl_), some.data(), int(some.size()));
    if (n > 0) unsent_.append(some.data(), std::size_t(n));
    while (!unsent_.empty()) {
      const std::size_t sent = peer_->send_some(std::string_view(unsent_).substr(0, step));
      unsent_.erase(0, sent);
      if (sent == 0 || step != std::string::npos) break;
    }
  }
  [[nodiscard]] bool all_sent() const {
    return unsent_.empty() && BIO_ctrl_pending(SSL_get_wbio(ssl_)) == 0;
  }
  [[nodiscard]] bool done() const { return SSL_is_init_finished(ssl_) == 1; }
  void close_notify() {
    SSL_shutdown(ssl_);
    send();
  }
  [[nodiscard]] Peer& socket() { return *peer_; }
  [[nodiscard]] SSL* ssl() { return ssl_; }

  std::string text;    // read so far
  bool ended = false;  // by close_notify
  bool failed = false;
  bool reads = true;
  std::size_t step = std::string::npos;  // bytes sent by one pump()

 private:
  std::unique_ptr<Peer> peer_;
  SSL* ssl_;
  std::string unsent_;
};

}  // namespace banyan::test
