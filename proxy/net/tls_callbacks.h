// proxy/net/tls_callbacks.h: what OpenSSL asks of a TlsTransport and tells it while it works. For
// tls_transport.cc.
#pragma once

#include <openssl/bio.h>
#include <openssl/ssl.h>

#include "proxy/net/tls_transport.h"

namespace banyan::net {

struct TlsTransport::Callbacks {
  // Reads what is being taken, writes to TCP. Freed with the SSL that it is given to.
  [[nodiscard]] static BIO* make_bio(TlsTransport& self);

  static int read(BIO* bio, char* to, std::size_t size, std::size_t* n);
  static int write(BIO* bio, const char* from, std::size_t size, std::size_t* n);
  static void on_message(int is_written, int version, int type, const void* bytes, std::size_t size,
                         SSL* ssl, void* nothing);
  // The session is ours where the answer is 1.
  static int on_session(SSL* ssl, SSL_SESSION* session);
};

}  // namespace banyan::net
