// proxy/net/tls_context.h: what the connections of one listener, or to one upstream, have in
// common: certificates, whom to believe, versions and ciphers.
//
// Made from a configuration and the files that it names, with every problem of them at once. One
// for each worker: used on its thread only, shared by the connections that were made with it, so it
// lives as long as the last of them.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/tls.h"
#include "proxy/net/tls_files.h"
#include "proxy/net/tls_handles.h"

namespace banyan::net {

// What session tickets are sealed with. Everybody who has the same one resumes sessions of the
// others.
struct TicketKey {
  std::array<unsigned char, 80> bytes{};
  [[nodiscard]] static TicketKey random();
};

template <class T>
using TlsMade = Result<std::shared_ptr<T>, TlsProblems>;

class TlsServerContext {
 public:
  // `protocols`: what ALPN may agree on, the best first. A client that offers others alone is
  // refused, one that offers nothing is not (RFC 7301 §3.2).
  [[nodiscard]] static TlsMade<TlsServerContext> make(const config::TlsServer& settings,
                                                      const TicketKey& ticket_key,
                                                      const std::vector<std::string>& protocols,
                                                      TlsFiles& files);
  TlsServerContext(const TlsServerContext&) = delete;
  TlsServerContext& operator=(const TlsServerContext&) = delete;

  [[nodiscard]] ssl_ctx_st& get() const { return *default_; }
  [[nodiscard]] const std::vector<TlsExpiry>& expiries() const { return expiries_; }
  // Whose certificate a client gets that asks for `name`, in lower case.
  [[nodiscard]] ssl_ctx_st& context_for(std::string_view name) const;

 private:
  TlsServerContext() = default;
  void know_names(ssl_ctx_st& context);
  void begin_handshakes(const config::TlsServer& settings, const TicketKey& ticket_key);
  static int on_server_name(ssl_st* ssl, int* alert, void* self);
  static int on_alpn(ssl_st* ssl, const unsigned char** out, unsigned char* out_size,
                     const unsigned char* offered, unsigned offered_size, void* self);

  ContextPtr default_;
  std::vector<ContextPtr> others_;  // hold a certificate, and nothing else that counts
  std::map<std::string, ssl_ctx_st*, std::less<>> by_name_;      // `shop.test`
  std::map<std::string, ssl_ctx_st*, std::less<>> by_wildcard_;  // `.shop.test`
  std::string alpn_;
  std::vector<TlsExpiry> expiries_;
};

class TlsClientContext {
 public:
  // `protocols`: what is offered by ALPN, the best first. A server that chooses none of them speaks
  // HTTP/1.1; where that was not offered, it is refused.
  [[nodiscard]] static TlsMade<TlsClientContext> make(const config::TlsClient& settings,
                                                      const std::vector<std::string>& protocols,
                                                      TlsFiles& files);
  ~TlsClientContext();
  TlsClientContext(const TlsClientContext&) = delete;
  TlsClientContext& operator=(const TlsClientContext&) = delete;

  [[nodiscard]] ssl_ctx_st& get() const { return *context_; }
  [[nodiscard]] const std::vector<TlsExpiry>& expiries() const { return expiries_; }

  [[nodiscard]] bool needs_protocol() const { return needs_protocol_; }

  // Sessions to resume, the newest first, by what was connected to. keep() takes `session` over.
  static constexpr std::size_t kSessionsMax = 4;  // of one peer
  static constexpr std::size_t kPeersMax = 1024;
  void keep(const std::string& peer, ssl_session_st* session);
  // nullptr where there is none. A ticket of TLS 1.3 is given away once (RFC 8446 §C.4). The
  // caller's to free.
  [[nodiscard]] ssl_session_st* session_for(const std::string& peer);

 private:
  TlsClientContext() = default;

  ContextPtr context_;
  bool needs_protocol_ = false;
  std::map<std::string, std::deque<ssl_session_st*>> sessions_;
  std::vector<TlsExpiry> expiries_;
};

}  // namespace banyan::net
