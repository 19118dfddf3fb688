#include "proxy/net/tls_pem.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <utility>

namespace banyan::net {
namespace {

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
using BioPtr = std::unique_ptr<BIO, FreeBio>;

BioPtr reader_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody is there to be asked.
int no_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

WallTime wall_time(const ASN1_TIME* at) {
  std::tm tm{};
  if (at == nullptr || ASN1_TIME_to_tm(at, &tm) != 1) return WallTime{};
  return std::chrono::system_clock::from_time_t(timegm(&tm));
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return out;
}

std::string_view text_of(const ASN1_STRING* s) {
  const unsigned char* const data = ASN1_STRING_get0_data(s);
  return {reinterpret_cast<const char*>(data), static_cast<std::size_t>(ASN1_STRING_length(s))};
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (bytes.size() != 4 && bytes.size() != 16) return "?";
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

// Calls f(kind, text) for the names of the kinds that are known here.
template <class F>
void for_each_name(const X509* certificate, F f) {
  auto* const names = static_cast<GENERAL_NAMES*>(
      X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  if (names == nullptr) return;
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    switch (name->type) {
      case GEN_DNS:
        f("DNS", std::string(text_of(name->d.dNSName)));
        break;
      case GEN_URI:
        f("URI", std::string(text_of(name->d.uniformResourceIdentifier)));
        break;
      case GEN_EMAIL:
        f("email", std::string(text_of(name->d.rfc822Name)));
        break;
      case GEN_IPADD:
        f("IP", address_text(text_of(name->d.iPAddress)));
        break;
      default:
        break;
    }
  }
  GENERAL_NAMES_free(names);
}

std::string common_name(const X509* certificate) {
  std::array<char, kSanTextBytesMax> text{};
  const int n = X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName,
                                          text.data(), static_cast<int>(text.size()));
  return n > 0 ? std::string(text.data(), static_cast<std::size_t>(n)) : std::string();
}

}  // namespace

Result<std::vector<CertificatePtr>, std::string> read_certificates(std::string_view pem) {
  ERR_clear_error();
  const BioPtr bio = reader_of(pem);
  std::vector<CertificatePtr> all;
  while (X509* const next = PEM_read_bio_X509_AUX(bio.get(), nullptr, nullptr, nullptr)) {
    all.emplace_back(next);
  }
  const bool at_the_end = ERR_GET_REASON(ERR_peek_last_error()) == PEM_R_NO_START_LINE;
  const std::string error = openssl_error();
  if (!at_the_end) return tl::unexpected("holds a broken certificate (" + error + ")");
  if (all.empty()) return tl::unexpected<std::string>("holds no certificate in PEM form");
  return all;
}

Result<KeyPtr, std::string> read_private_key(std::string_view pem) {
  ERR_clear_error();
  const BioPtr bio = reader_of(pem);
  bool is_encrypted = false;
  KeyPtr key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, &is_encrypted));
  if (key != nullptr) return key;
  const bool none = pem.find("PRIVATE KEY-----") == std::string_view::npos;
  const std::string error = openssl_error();
  if (is_encrypted) return tl::unexpected<std::string>("holds a key that needs a password");
  if (none) return tl::unexpected<std::string>("holds no private key in PEM form");
  return tl::unexpected("holds a broken private key (" + error + ")");
}

WallTime not_before(const X509* certificate) { return wall_time(X509_get0_notBefore(certificate)); }
WallTime not_after(const X509* certificate) { return wall_time(X509_get0_notAfter(certificate)); }

std::string time_text(WallTime at) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::array<char, 32> text{};
  const std::size_t n = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &tm);
  return {text.data(), n};
}

std::vector<std::string> dns_names(const X509* certificate) {
  std::vector<std::string> names;
  for_each_name(certificate, [&](std::string_view kind, const std::string& name) {
    if (kind == "DNS") names.push_back(lower(name));
  });
  return names;
}

std::string san_text(const X509* certificate) {
  std::string all;
  for_each_name(certificate, [&](std::string_view kind, const std::string& name) {
    all += fmt::format("{}{}:{}", all.empty() ? "" : ",", kind, name);
  });
  if (all.empty()) all = "CN:" + common_name(certificate);
  if (all.size() > kSanTextBytesMax) all.resize(kSanTextBytesMax);
  return all;
}

std::string openssl_error() {
  const unsigned long first = ERR_peek_error();
  ERR_clear_error();
  const char* const reason = first == 0 ? nullptr : ERR_reason_error_string(first);
  return reason != nullptr ? reason : "unknown error";
}

}  // namespace banyan::net
