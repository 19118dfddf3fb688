// config/tls.h: what a configuration says about TLS. What its files hold is for proxy/net to judge,
// so every value keeps the place where it stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace banyan::config {

// A file's path, or text that only OpenSSL understands.
struct TlsValue {
  std::string text;
  std::string key = {};  // `listeners[0].tls.certificate`; empty: the default
  std::size_t at = 0;    // its offset in the file
  [[nodiscard]] bool given() const { return !key.empty(); }
  friend bool operator==(const TlsValue&, const TlsValue&) = default;
};

enum class TlsVersion : std::uint8_t { v1_2, v1_3 };

// Forward secrecy and authenticated encryption only.
struct TlsRules {
  TlsVersion min_version = TlsVersion::v1_2;
  TlsValue ciphers{"ECDHE+AESGCM:ECDHE+CHACHA20"};  // of TLS 1.2
  TlsValue ciphersuites{                            // of TLS 1.3
                        "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:"
                        "TLS_CHACHA20_POLY1305_SHA256"};
  TlsValue groups{"X25519:P-256:P-384"};
  friend bool operator==(const TlsRules&, const TlsRules&) = default;
};

// Files in PEM: a certificate with its chain behind it, and its key.
struct TlsIdentity {
  TlsValue certificate;
  TlsValue private_key;
  friend bool operator==(const TlsIdentity&, const TlsIdentity&) = default;
};

struct TlsServer {
  TlsRules rules;
  std::vector<TlsIdentity> identities;  // the first one is for clients that ask for no known name
  TlsValue client_ca = {};              // given: clients show a certificate that it has signed
  bool client_must = true;              // or may come without one
  friend bool operator==(const TlsServer&, const TlsServer&) = default;
};

struct TlsClient {
  TlsRules rules;
  TlsValue ca = {};  // empty: the system's
  std::optional<TlsIdentity> identity;
  std::string server_name;  // instead of the endpoint's host
  friend bool operator==(const TlsClient&, const TlsClient&) = default;
};

}  // namespace banyan::config
