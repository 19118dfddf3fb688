#include "proxy/net/tls_setup.h"

#include <fmt/format.h>
#include <openssl/err.h>

#include <algorithm>
#include <optional>
#include <string_view>

#include "proxy/net/tls_pem.h"

namespace banyan::net {

void FreeTlsHandle::operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
void FreeTlsHandle::operator()(SSL* ssl) const { SSL_free(ssl); }

namespace {

using config::TlsValue;

void add_file_problem(const TlsValue& file, const std::string& what, TlsProblems& problems) {
  problems.push_back({file.key, fmt::format("{}: {}", file.text, what)});
}

template <class T>
std::optional<T> read(const TlsValue& file, Result<T, std::string> (*parse)(std::string_view),
                      TlsFiles& files, TlsProblems& problems) {
  const TlsFiles::Content& content = files.content(file.text);
  auto parsed = content ? parse(*content) : tl::unexpected(content.error());
  if (parsed) return std::move(*parsed);
  add_file_problem(file, parsed.error(), problems);
  return std::nullopt;
}

// OpenSSL passes over words that it does not know.
bool knows_ciphers(SSL_CTX& scratch, std::string_view list) {
  while (!list.empty()) {
    const std::size_t end = std::min(list.find_first_of(":, "), list.size());
    const std::string word(list.substr(0, end));
    list.remove_prefix(std::min(end + 1, list.size()));
    if (word.empty() || std::string_view("!-+@").find(word[0]) != std::string_view::npos) continue;
    if (SSL_CTX_set_cipher_list(&scratch, word.c_str()) != 1) return false;
  }
  return true;
}

void set_lists(SSL_CTX& context, const config::TlsRules& rules, TlsProblems& problems) {
  const auto refuse = [&](const TlsValue& value, std::string_view what) {
    problems.push_back({value.key, fmt::format("\"{}\": {}", value.text, what)});
    ERR_clear_error();
  };
  const char* const ciphers = rules.ciphers.text.c_str();
  if (!knows_ciphers(context, ciphers) || SSL_CTX_set_cipher_list(&context, ciphers) != 1) {
    refuse(rules.ciphers, "no list of ciphers of TLS 1.2 that OpenSSL knows");
  }
  if (SSL_CTX_set_ciphersuites(&context, rules.ciphersuites.text.c_str()) != 1) {
    refuse(rules.ciphersuites, "no list of cipher suites of TLS 1.3 that OpenSSL knows");
  }
  if (SSL_CTX_set1_groups_list(&context, rules.groups.text.c_str()) != 1) {
    refuse(rules.groups, "no list of groups that OpenSSL knows");
  }
}

// Nothing where it may be used now.
std::optional<std::string> fault_of_time(const X509* certificate) {
  const WallTime now = std::chrono::system_clock::now();
  if (now >= not_after(certificate)) {
    return "expired at " + time_text(not_after(certificate));
  }
  if (now < not_before(certificate)) {
    return "is not valid before " + time_text(not_before(certificate));
  }
  return std::nullopt;
}

bool use_chain(SSL_CTX& context, const std::vector<CertificatePtr>& chain) {
  if (SSL_CTX_use_certificate(&context, chain.front().get()) != 1) return false;
  if (SSL_CTX_clear_chain_certs(&context) != 1) return false;
  return std::all_of(chain.begin() + 1, chain.end(), [&](const CertificatePtr& c) {
    return SSL_CTX_add1_chain_cert(&context, c.get()) == 1;
  });
}

}  // namespace

ContextPtr make_context(const SSL_METHOD* method, const config::TlsRules& rules,
                        TlsProblems& problems) {
  ContextPtr context(SSL_CTX_new(method));
  const bool only_1_3 = rules.min_version == config::TlsVersion::v1_3;
  SSL_CTX_set_min_proto_version(context.get(), only_1_3 ? TLS1_3_VERSION : TLS1_2_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  SSL_CTX_clear_options(context.get(), SSL_OP_IGNORE_UNEXPECTED_EOF |
                                           SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION |
                                           SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_security_level(context.get(), 2);
  set_lists(*context, rules, problems);
  return context;
}

void use_identity(SSL_CTX& context, const config::TlsIdentity& identity, TlsFiles& files,
                  TlsProblems& problems, std::vector<TlsExpiry>& expiries) {
  const auto chain = read(identity.certificate, read_certificates, files, problems);
  const auto key = read(identity.private_key, read_private_key, files, problems);
  if (!chain) return;
  WallTime first_end = not_after(chain->front().get());
  for (const CertificatePtr& c : *chain) first_end = std::min(first_end, not_after(c.get()));
  expiries.push_back({identity.certificate.text, first_end});
  for (const CertificatePtr& c : *chain) {
    const auto fault = fault_of_time(c.get());
    if (!fault) continue;
    return add_file_problem(
        identity.certificate,
        (c == chain->front() ? "the certificate " : "a certificate of the chain ") + *fault,
        problems);
  }
  if (!key) return;
  if (X509_check_private_key(chain->front().get(), key->get()) != 1) {
    ERR_clear_error();
    return add_file_problem(identity.private_key, "is not the key of " + identity.certificate.text,
                            problems);
  }
  if (!use_chain(context, *chain) || SSL_CTX_use_PrivateKey(&context, key->get()) != 1) {
    add_file_problem(identity.certificate, "can not be used: " + openssl_error(), problems);
  }
}

void use_ca(SSL_CTX& context, const TlsValue& ca, bool announced, TlsFiles& files,
            TlsProblems& problems, std::vector<TlsExpiry>& expiries) {
  const auto all = read(ca, read_certificates, files, problems);
  if (!all) return;
  X509_STORE* const store = SSL_CTX_get_cert_store(&context);
  // What is named is believed, also where it is no root.
  X509_STORE_set_flags(store, X509_V_FLAG_PARTIAL_CHAIN);
  // A bundle may hold some that are over; it is of use until the last one is.
  WallTime last_end{};
  for (const CertificatePtr& c : *all) {
    last_end = std::max(last_end, not_after(c.get()));
    X509_STORE_add_cert(store, c.get());
    if (announced) SSL_CTX_add_client_CA(&context, c.get());
  }
  ERR_clear_error();  // one that is there twice
  expiries.push_back({ca.text, last_end});
  if (std::chrono::system_clock::now() < last_end) return;
  add_file_problem(
      ca, "holds only expired certificates, the last one expired at " + time_text(last_end),
      problems);
}

std::string alpn_list(const std::vector<std::string>& protocols) {
  std::string list;
  for (const std::string& protocol : protocols) {
    list.push_back(static_cast<char>(protocol.size()));
    list += protocol;
  }
  return list;
}

}  // namespace banyan::net
