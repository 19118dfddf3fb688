#include "proxy/net/tls_callbacks.h"

#include <algorithm>

namespace banyan::net {
namespace {

constexpr std::uint64_t kBytesPerLateMessage = 1024 * 1024;

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

}  // namespace

BIO* TlsTransport::Callbacks::make_bio(TlsTransport& self) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* const m = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "banyan");
    BIO_meth_set_read_ex(m, read);
    BIO_meth_set_write_ex(m, write);
    BIO_meth_set_ctrl(m, control);
    return m;
  }();
  BIO* const bio = BIO_new(method);
  BIO_set_data(bio, &self);
  BIO_set_init(bio, 1);
  return bio;
}

int TlsTransport::Callbacks::read(BIO* bio, char* to, std::size_t size, std::size_t* n) {
  TlsTransport& self = *static_cast<TlsTransport*>(BIO_get_data(bio));
  BIO_clear_retry_flags(bio);
  *n = 0;
  if (self.misbehaves_) return 0;  // no more of it
  *n = self.in_.copy(to, size);
  self.in_.remove_prefix(*n);
  if (*n > 0) return 1;
  BIO_set_retry_read(bio);
  return 0;
}

int TlsTransport::Callbacks::write(BIO* bio, const char* from, std::size_t size, std::size_t* n) {
  static_cast<TlsTransport*>(BIO_get_data(bio))->tcp_->copy({from, size});
  *n = size;
  return 1;
}

void TlsTransport::Callbacks::on_message(int is_written, int, int type, const void* bytes,
                                         std::size_t size, SSL* ssl, void*) {
  auto* const self = static_cast<TlsTransport*>(SSL_get_app_data(ssl));
  if (self == nullptr || self->state_ != State::open) return;
  if (type == SSL3_RT_HANDSHAKE && is_written == 0) {
    const std::uint64_t earned = self->bytes_read_ / kBytesPerLateMessage;
    if (++self->late_messages_ > kLateMessagesMax + earned) self->misbehaves_ = true;
  } else if (type == SSL3_RT_ALERT && is_written == 1 && size == 2) {
    // A peer that wanted to renegotiate was told no, and would go on asking.
    const int alert = static_cast<const unsigned char*>(bytes)[1];
    if (alert == SSL_AD_NO_RENEGOTIATION) self->misbehaves_ = true;
  }
}

int TlsTransport::Callbacks::on_session(SSL* ssl, SSL_SESSION* session) {
  auto* const self = static_cast<TlsTransport*>(SSL_get_app_data(ssl));
  if (self == nullptr || SSL_SESSION_is_resumable(session) == 0) return 0;
  self->client_->context->keep(self->client_->session_peer, session);
  return 1;
}

void TlsTransport::watch(SSL_CTX& context) {
  SSL_CTX_set_msg_callback(&context, Callbacks::on_message);
  SSL_CTX_sess_set_new_cb(&context, Callbacks::on_session);
}

}  // namespace banyan::net
