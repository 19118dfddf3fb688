// proxy/net/tls_handles.h: OpenSSL's objects, for headers that do not include OpenSSL.
#pragma once

#include <memory>
#include <string>

#include "base/time.h"

struct ssl_st;
struct ssl_ctx_st;
struct ssl_session_st;

namespace banyan::net {

struct FreeTlsHandle {
  void operator()(ssl_ctx_st* context) const;
  void operator()(ssl_st* ssl) const;
};
using ContextPtr = std::unique_ptr<ssl_ctx_st, FreeTlsHandle>;
using SslPtr = std::unique_ptr<ssl_st, FreeTlsHandle>;

// When what a file holds is no longer valid: the first of a chain that ends.
struct TlsExpiry {
  std::string file;
  WallTime at;
};

}  // namespace banyan::net
