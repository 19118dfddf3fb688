#include "proxy/net/tls_context.h"

#include <openssl/rand.h>
#include <openssl/ssl.h>
#include <openssl/tls1.h>

#include <algorithm>
#include <utility>

#include "proxy/net/tls_pem.h"
#include "proxy/net/tls_setup.h"
#include "proxy/net/tls_transport.h"

namespace banyan::net {
namespace {

// A session is resumed where the certificates and CAs are those that it was made under, and there
// the ticket's key is another one: this word only has to be there.
constexpr std::string_view kSessionContext = "banyan";

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

TicketKey TicketKey::random() {
  TicketKey key;
  RAND_bytes(key.bytes.data(), static_cast<int>(key.bytes.size()));
  return key;
}

TlsMade<TlsServerContext> TlsServerContext::make(const config::TlsServer& settings,
                                                 const TicketKey& ticket_key,
                                                 const std::vector<std::string>& protocols,
                                                 TlsFiles& files) {
  std::shared_ptr<TlsServerContext> made(new TlsServerContext);
  TlsProblems problems;
  TlsProblems repeated;  // the rules are the same for every certificate
  for (const config::TlsIdentity& identity : settings.identities) {
    const bool is_first = made->default_ == nullptr;
    ContextPtr context =
        make_context(TLS_server_method(), settings.rules, is_first ? problems : repeated);
    use_identity(*context, identity, files, problems, made->expiries_);
    made->know_names(*context);
    if (is_first) {
      made->default_ = std::move(context);
    } else {
      made->others_.push_back(std::move(context));
    }
  }
  if (settings.client_ca.given()) {
    use_ca(*made->default_, settings.client_ca, true, files, problems, made->expiries_);
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  made->alpn_ = alpn_list(protocols);
  made->begin_handshakes(settings, ticket_key);
  return made;
}

void TlsServerContext::know_names(SSL_CTX& context) {
  const X509* const certificate = SSL_CTX_get0_certificate(&context);
  if (certificate == nullptr) return;
  for (std::string& name : dns_names(certificate)) {
    if (name.starts_with("*.")) {
      by_wildcard_.try_emplace(name.substr(1), &context);
    } else {
      by_name_.try_emplace(std::move(name), &context);
    }
  }
}

void TlsServerContext::begin_handshakes(const config::TlsServer& settings,
                                        const TicketKey& ticket_key) {
  SSL_CTX* const context = default_.get();
  if (settings.client_ca.given()) {
    const int must = settings.client_must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | must, nullptr);
  }
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);  // tickets need none
  SSL_CTX_set_num_tickets(context, 1);
  SSL_CTX_set_session_id_context(context, bytes_of(kSessionContext), kSessionContext.size());
  TicketKey key = ticket_key;
  SSL_CTX_set_tlsext_ticket_keys(context, key.bytes.data(), key.bytes.size());
  if (!others_.empty()) {
    // What the macro of OpenSSL does, without its casts.
    SSL_CTX_callback_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_CB,
                          reinterpret_cast<void (*)()>(on_server_name));
    SSL_CTX_ctrl(context, SSL_CTRL_SET_TLSEXT_SERVERNAME_ARG, 0, this);
  }
  SSL_CTX_set_alpn_select_cb(context, on_alpn, this);
  TlsTransport::watch(*context);
}

SSL_CTX& TlsServerContext::context_for(std::string_view name) const {
  if (const auto exact = by_name_.find(name); exact != by_name_.end()) return *exact->second;
  const std::size_t dot = name.find('.');
  if (dot == std::string_view::npos) return *default_;
  const auto wildcard = by_wildcard_.find(name.substr(dot));
  return wildcard != by_wildcard_.end() ? *wildcard->second : *default_;
}

int TlsServerContext::on_server_name(SSL* ssl, int*, void* self) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  SSL_CTX& chosen = static_cast<const TlsServerContext*>(self)->context_for(lower(name));
  SSL_set_SSL_CTX(ssl, &chosen);
  return SSL_TLSEXT_ERR_OK;
}

int TlsServerContext::on_alpn(SSL*, const unsigned char** out, unsigned char* out_size,
                              const unsigned char* offered, unsigned offered_size, void* self) {
  const std::string& own = static_cast<const TlsServerContext*>(self)->alpn_;
  unsigned char* chosen = nullptr;
  const int rc = SSL_select_next_proto(&chosen, out_size, bytes_of(own),
                                       static_cast<unsigned>(own.size()), offered, offered_size);
  *out = chosen;
  return rc == OPENSSL_NPN_NEGOTIATED ? SSL_TLSEXT_ERR_OK : SSL_TLSEXT_ERR_ALERT_FATAL;
}

TlsMade<TlsClientContext> TlsClientContext::make(const config::TlsClient& settings,
                                                 const std::vector<std::string>& protocols,
                                                 TlsFiles& files) {
  std::shared_ptr<TlsClientContext> made(new TlsClientContext);
  TlsProblems problems;
  made->context_ = make_context(TLS_client_method(), settings.rules, problems);
  SSL_CTX* const context = made->context_.get();
  if (settings.identity) {
    use_identity(*context, *settings.identity, files, problems, made->expiries_);
  }
  if (settings.ca.given()) {
    use_ca(*context, settings.ca, false, files, problems, made->expiries_);
  } else {
    SSL_CTX_set_default_verify_paths(context);
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  made->needs_protocol_ =
      std::find(protocols.begin(), protocols.end(), "http/1.1") == protocols.end();
  const std::string alpn = alpn_list(protocols);
  SSL_CTX_set_alpn_protos(context, bytes_of(alpn), static_cast<unsigned>(alpn.size()));
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL_STORE);
  TlsTransport::watch(*context);
  return made;
}

TlsClientContext::~TlsClientContext() {
  for (const auto& [peer, sessions] : sessions_) {
    for (SSL_SESSION* session : sessions) SSL_SESSION_free(session);
  }
}

void TlsClientContext::keep(const std::string& peer, SSL_SESSION* session) {
  if (!sessions_.contains(peer) && sessions_.size() >= kPeersMax) {
    for (SSL_SESSION* old : sessions_.begin()->second) SSL_SESSION_free(old);
    sessions_.erase(sessions_.begin());
  }
  std::deque<SSL_SESSION*>& kept = sessions_[peer];
  kept.push_front(session);
  if (kept.size() <= kSessionsMax) return;
  SSL_SESSION_free(kept.back());
  kept.pop_back();
}

SSL_SESSION* TlsClientContext::session_for(const std::string& peer) {
  const auto known = sessions_.find(peer);
  if (known == sessions_.end() || known->second.empty()) return nullptr;
  SSL_SESSION* const newest = known->second.front();
  if (SSL_SESSION_get_protocol_version(newest) < TLS1_3_VERSION) {
    SSL_SESSION_up_ref(newest);
    return newest;
  }
  known->second.pop_front();
  return newest;
}

}  // namespace banyan::net
