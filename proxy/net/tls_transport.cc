#include "proxy/net/tls_transport.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <utility>

#include "proxy/net/tls_callbacks.h"
#include "proxy/net/tls_pem.h"

namespace banyan::net {
namespace {

constexpr std::size_t kRecordBytesMax = SSL3_RT_MAX_PLAIN_LENGTH;

bool is_address(const std::string& name) { return SocketAddress::parse(name, 0).has_value(); }

// A record of a handshake begins with 22.
bool is_plain_http(Bytes first) { return first.front() >= 'A' && first.front() <= 'Z'; }

}  // namespace

TlsTransport::TlsTransport(Loop& loop, Role role, SSL_CTX& context)
    : loop_(loop),
      role_(role),
      ssl_(SSL_new(&context)),
      plain_(loop.blocks()),
      timer_(Timer::calling<&TlsTransport::on_handshake_timeout>(loop.timers(), this)) {
  BIO* const bio = Callbacks::make_bio(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_app_data(ssl_.get(), this);
}

TlsTransport::~TlsTransport() {
  loop_.flush_list(role_).remove(*this);
  loop_.turns().cancel(*this);
  const bool was_open = std::exchange(state_, State::over) == State::open;
  if (was_open && !notified_) {
    SSL_shutdown(ssl_.get());
    tcp_->write_now();
  }
  // Without it OpenSSL would hold the session to be broken and not resume it.
  if (was_open) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
  SSL_set_app_data(ssl_.get(), nullptr);
}

std::unique_ptr<TlsTransport> TlsTransport::accept(Loop& loop, std::unique_ptr<TcpTransport> tcp,
                                                   std::shared_ptr<const TlsServerContext> context,
                                                   const TlsAcceptRules& rules) {
  std::unique_ptr<TlsTransport> t(new TlsTransport(loop, Role::primary, context->get()));
  t->server_ = std::move(context);
  t->tcp_ = std::move(tcp);
  t->plain_answer_ = rules.plain_answer;
  t->handshake_max_ = rules.handshake_max;
  SSL_set_accept_state(t->ssl_.get());
  return t;
}

std::unique_ptr<TlsTransport> TlsTransport::connect(Loop& loop, Role role, const SocketAddress& to,
                                                    const TlsPeer& peer, TransportEvents& events) {
  std::unique_ptr<TlsTransport> t(new TlsTransport(loop, role, peer.context->get()));
  t->events_ = &events;
  t->client_.reset(new ClientSide{peer.context, to.to_text() + "/" + peer.name});
  t->name_peer(peer.name);
  SSL_set_connect_state(t->ssl_.get());
  if (SSL_SESSION* const session = peer.context->session_for(t->client_->session_peer)) {
    SSL_set_session(t->ssl_.get(), session);
    SSL_SESSION_free(session);
  }
  t->tcp_ = TcpTransport::connect(loop, role, to, *t);
  t->tcp_->leave_headroom(kHeadroom);
  t->tcp_->limit_reads(kHandshakeReadMax);
  return t;
}

void TlsTransport::name_peer(const std::string& name) {
  X509_VERIFY_PARAM* const rules = SSL_get0_param(ssl_.get());
  if (is_address(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(rules, name.c_str());
    return;
  }
  // The names of a certificate are its alternative names (RFC 9525 §2).
  X509_VERIFY_PARAM_set_hostflags(
      rules, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
  X509_VERIFY_PARAM_set1_host(rules, name.data(), name.size());
  // What the macro of OpenSSL does, without its casts.
  SSL_ctrl(ssl_.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
           const_cast<char*>(name.c_str()));
}

void TlsTransport::start(TransportEvents& events) {
  if (std::exchange(events_, &events) != nullptr) return;  // taken over by another connection
  timer_.set_in(handshake_max_);
  tcp_->leave_headroom(kHeadroom);
  tcp_->limit_reads(kHandshakeReadMax);
  tcp_->start(*this);
}

// ---- bytes in ---------------------------------------------------------------------------------

void TlsTransport::on_connected() {
  if (state_ == State::handshaking) shake_hands();
}

void TlsTransport::on_read(Bytes bytes) {
  if (state_ == State::over || read_ended_) return;
  if (!std::exchange(heard_, true) && server_ != nullptr && is_plain_http(bytes)) {
    return answer_plain_http();
  }
  if (state_ == State::handshaking && !loop_.turns().take()) return hold(bytes);
  take(bytes);
}

void TlsTransport::hold(Bytes bytes) {
  waiting_ = std::make_unique<std::string>(bytes);
  tcp_->pause_reading();
  loop_.turns().wait(*this);
}

void TlsTransport::on_turn() {
  if (state_ == State::over) return;
  const std::unique_ptr<std::string> bytes = std::move(waiting_);
  if (state_ == State::handshaking || !paused_) tcp_->resume_reading();
  take(bytes != nullptr ? Bytes(*bytes) : Bytes());
}

void TlsTransport::take(Bytes ciphertext) {
  in_ = ciphertext;
  if (state_ == State::handshaking) shake_hands();
  if (state_ == State::open && paused_) {
    // It came with the end of the handshake; resume_reading() takes it.
    if (!in_.empty()) waiting_ = std::make_unique<std::string>(in_);
  } else if (state_ == State::open) {
    decrypt();
  }
  in_ = {};
}

void TlsTransport::decrypt() {
  char* const place = loop_.read_place();
  std::size_t size = 0;
  ERR_clear_error();
  int rc = 0;
  for (std::size_t n = 0;; size += n) {
    rc = SSL_read_ex(ssl_.get(), place + size, kRecordBytesMax, &n);
    if (rc != 1) break;
  }
  const int why = SSL_get_error(ssl_.get(), rc);
  const ErrorCode code = code_of_fault();
  const bool is_fine = (why == SSL_ERROR_WANT_READ || why == SSL_ERROR_ZERO_RETURN) && !misbehaves_;
  std::string said = is_fine ? "" : fault();
  bytes_read_ += size;
  if (size > 0) {
    events_->on_read({place, size});
    loop_.read_done(size);
  }
  if (state_ != State::open || (is_fine && why == SSL_ERROR_WANT_READ)) return;
  if (!is_fine) return fail(code, std::move(said));
  read_ended_ = true;
  tcp_->pause_reading();
  events_->on_read_end();
}

void TlsTransport::on_read_end() {
  if (state_ == State::over || read_ended_) return;
  if (state_ == State::open) return fail(ErrorCode::upstream_reset, "closed without close_notify");
  const bool is_probe = server_ != nullptr && !heard_;
  fail(is_probe ? ErrorCode::client_closed : code_of_fault(), "closed during the handshake");
}

void TlsTransport::on_transport_error(Error error) {
  if (failed_ || state_ == State::over) return;
  if (state_ == State::handshaking && server_ != nullptr) {
    error.code = heard_ ? ErrorCode::tls_handshake : ErrorCode::client_closed;
    error.side = Side::downstream;
  }
  state_ = State::over;
  timer_.cancel();
  events_->on_transport_error(std::move(error));
}

// ---- the handshake ----------------------------------------------------------------------------

void TlsTransport::shake_hands() {
  ERR_clear_error();
  const int rc = SSL_do_handshake(ssl_.get());
  if (rc == 1) return established();
  if (SSL_get_error(ssl_.get(), rc) == SSL_ERROR_WANT_READ) return;
  fail(code_of_fault(), fault());
}

void TlsTransport::established() {
  const unsigned char* protocol = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &protocol, &size);
  if (size == 0 && client_ != nullptr && client_->context->needs_protocol()) {
    return fail(ErrorCode::upstream_tls, "speaks no protocol that was offered by ALPN");
  }
  state_ = State::open;
  timer_.cancel();
  facts_.version = SSL_version(ssl_.get()) == TLS1_3_VERSION ? "1.3" : "1.2";
  facts_.protocol = {reinterpret_cast<const char*>(protocol), size};
  const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (server_ != nullptr && certificate != nullptr) {
    client_san_ = std::make_unique<const std::string>(san_text(certificate));
    facts_.client_san = *client_san_;
  }
  tcp_->limit_reads(read_max_);
  if (paused_) tcp_->pause_reading();
  if (!plain_.empty() || finishing_) loop_.flush_list(role_).add(*this);
  events_->on_connected();
}

void TlsTransport::on_handshake_timeout() {
  if (state_ != State::handshaking) return;
  fail(heard_ ? ErrorCode::tls_handshake : ErrorCode::client_closed, "the handshake took too long");
}

void TlsTransport::answer_plain_http() {
  tcp_->copy(plain_answer_);
  tcp_->finish();
  fail(ErrorCode::plain_http, "HTTP without TLS");
}

std::string TlsTransport::fault() const {
  if (misbehaves_) return "renegotiates, or sends too many handshake messages";
  const long verified = SSL_get_verify_result(ssl_.get());
  std::string reason = openssl_error();
  if (verified == X509_V_OK) return reason;
  return std::string("its certificate is not accepted: ") + X509_verify_cert_error_string(verified);
}

// A server may refuse a certificate of ours when the handshake is over for us (RFC 8446 §4.4.2.4).
ErrorCode TlsTransport::code_of_fault() const {
  const bool of_handshake = state_ == State::handshaking || bytes_read_ == 0;
  if (server_ != nullptr) {
    return state_ == State::handshaking ? ErrorCode::tls_handshake : ErrorCode::client_closed;
  }
  return of_handshake ? ErrorCode::upstream_tls : ErrorCode::upstream_reset;
}

void TlsTransport::fail(ErrorCode code, std::string detail) {
  if (failed_ || state_ == State::over) return;
  const bool was_open = state_ == State::open;
  failed_.reset(new Error{code, server_ != nullptr ? Side::downstream : Side::upstream,
                          was_open ? Retry::unsafe : Retry::safe, "TLS: " + std::move(detail)});
  state_ = State::over;
  timer_.cancel();
  plain_.clear();
  tcp_->pause_reading();
  loop_.flush_list(role_).add(*this);
}

// ---- bytes out --------------------------------------------------------------------------------

void TlsTransport::copy(Bytes bytes) {
  if (finishing_ || state_ == State::over) return;
  plain_.copy(bytes);
  loop_.flush_list(role_).add(*this);
}

void TlsTransport::borrow(Bytes bytes) {
  if (finishing_ || state_ == State::over) return;
  plain_.borrow(bytes);
  loop_.flush_list(role_).add(*this);
}

void TlsTransport::flush() {
  if (failed_ && !std::exchange(failure_told_, true)) {
    tcp_->write_now();  // the alert that says why
    return events_->on_transport_error(*failed_);
  }
  if (state_ == State::handshaking) {
    plain_.settle();
    if (finishing_) tcp_->finish();
    return update_marks();
  }
  if (state_ != State::open) return;
  encrypt();
  if (state_ == State::open && finishing_ && !std::exchange(notified_, true)) {
    SSL_shutdown(ssl_.get());
    tcp_->finish();
  }
  update_marks();
}

void TlsTransport::encrypt() {
  ERR_clear_error();
  for (const OutQueue::Piece& piece : plain_.pieces()) {
    std::size_t n = 0;
    if (SSL_write_ex(ssl_.get(), piece.data, piece.size, &n) == 1) continue;
    return fail(code_of_fault(), fault());
  }
  plain_.clear();
}

void TlsTransport::on_blocked() {
  tcp_blocked_ = true;
  update_marks();
}

void TlsTransport::on_writable() {
  tcp_blocked_ = false;
  update_marks();
}

void TlsTransport::update_marks() {
  if (state_ == State::over) return;
  const bool blocked = tcp_blocked_ || plain_.size() > (blocked_ ? kBacklogLow : kBacklogHigh);
  if (std::exchange(blocked_, blocked) == blocked) return;
  if (blocked) {
    events_->on_blocked();
  } else {
    events_->on_writable();
  }
}

// ---- the rest ---------------------------------------------------------------------------------

void TlsTransport::limit_reads(std::size_t bytes_max) {
  read_max_ = bytes_max;
  if (state_ == State::open) tcp_->limit_reads(bytes_max);
}

void TlsTransport::pause_reading() {
  paused_ = true;
  if (state_ == State::open) tcp_->pause_reading();
}

void TlsTransport::resume_reading() {
  paused_ = false;
  if (state_ != State::open || read_ended_) return;
  if (waiting_ == nullptr) return tcp_->resume_reading();
  loop_.turns().wait(*this);
}

void TlsTransport::finish() {
  if (finishing_ || state_ == State::over) return;
  finishing_ = true;
  loop_.flush_list(role_).add(*this);
}

void TlsTransport::reset() {
  state_ = State::over;
  timer_.cancel();
  plain_.clear();
  loop_.flush_list(role_).remove(*this);
  tcp_->reset();
}

bool TlsTransport::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

}  // namespace banyan::net
