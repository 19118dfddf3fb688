// proxy/net/tls_setup.h: what the contexts of both sides are set up from. Every problem is added to
// a list; a context with problems is not used.
#pragma once

#include <openssl/ssl.h>

#include <string>
#include <vector>

#include "config/tls.h"
#include "proxy/net/tls_files.h"
#include "proxy/net/tls_handles.h"

namespace banyan::net {

// Versions, ciphers, groups, and what holds for every connection. No certificates yet.
[[nodiscard]] ContextPtr make_context(const SSL_METHOD* method, const config::TlsRules& rules,
                                      TlsProblems& problems);
// The certificate with its chain, and the key that belongs to it. Both must be usable now.
void use_identity(SSL_CTX& context, const config::TlsIdentity& identity, TlsFiles& files,
                  TlsProblems& problems, std::vector<TlsExpiry>& expiries);
// Whom to believe; `announced`: a server tells its clients these names.
void use_ca(SSL_CTX& context, const config::TlsValue& ca, bool announced, TlsFiles& files,
            TlsProblems& problems, std::vector<TlsExpiry>& expiries);
// As ALPN sends them; empty where that can not be.
[[nodiscard]] std::string alpn_list(const std::vector<std::string>& protocols);

}  // namespace banyan::net
