// proxy/net/tls_pem.h: certificates and keys out of PEM text, and what they say.
//
// Errors are for people, and speak of "it": the file whose text it is.
#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace banyan::net {

struct FreeTls {
  void operator()(X509* certificate) const { X509_free(certificate); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using CertificatePtr = std::unique_ptr<X509, FreeTls>;
using KeyPtr = std::unique_ptr<EVP_PKEY, FreeTls>;

// All that the text holds, in its order; never empty.
[[nodiscard]] Result<std::vector<CertificatePtr>, std::string> read_certificates(
    std::string_view pem);
[[nodiscard]] Result<KeyPtr, std::string> read_private_key(std::string_view pem);

[[nodiscard]] WallTime not_before(const X509* certificate);
[[nodiscard]] WallTime not_after(const X509* certificate);
// `2026-11-22 10:00:00 UTC`
[[nodiscard]] std::string time_text(WallTime at);

// The names that a certificate is for, in lower case, as `*.shop.test` where it says so.
[[nodiscard]] std::vector<std::string> dns_names(const X509* certificate);
// Its subject alternative names for a log: `DNS:a.test,URI:spiffe://shop/cart`, cut to
// kSanTextBytesMax; its common name where it has none.
inline constexpr std::size_t kSanTextBytesMax = 256;
[[nodiscard]] std::string san_text(const X509* certificate);

// What went wrong first, in OpenSSL's words; its list of errors is empty afterwards.
[[nodiscard]] std::string openssl_error();

}  // namespace banyan::net
