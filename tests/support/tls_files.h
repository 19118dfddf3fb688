// tests/support/tls_files.h: certificates of the moment, in a folder that goes with the test.
#pragma once

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "config/tls.h"

namespace banyan::test {

inline constexpr long kDaySeconds = 24 * 3600;

struct CertificateWish {
  std::string names = "DNS:shop.test,IP:127.0.0.1";
  long from_seconds = -kDaySeconds;  // from now
  long to_seconds = kDaySeconds;
  bool is_ca = false;
};

// A key pair and its certificate.
class Identity {
 public:
  // Signed by itself where `issuer` is nullptr.
  explicit Identity(const CertificateWish& wish, const Identity* issuer = nullptr)
      : key_(EVP_EC_gen("P-256")), certificate_(X509_new()) {
    static long serial = 1000;
    X509* const x = certificate_;
    X509_set_version(x, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(x), wish.from_seconds);
    X509_gmtime_adj(X509_getm_notAfter(x), wish.to_seconds);
    X509_set_pubkey(x, key_);
    const std::string subject = (wish.is_ca ? "CA " : "leaf ") + std::to_string(serial);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(subject.c_str()), -1, -1, 0);
    const Identity& by = issuer != nullptr ? *issuer : *this;
    X509_set_issuer_name(x, X509_get_subject_name(by.certificate_));
    add(NID_basic_constraints, wish.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wish.is_ca) add(NID_subject_alt_name, wish.names.c_str());
    EXPECT_GT(X509_sign(x, by.key_, EVP_sha256()), 0);
  }
  ~Identity() {
    EVP_PKEY_free(key_);
    X509_free(certificate_);
  }
  Identity(const Identity&) = delete;
  Identity& operator=(const Identity&) = delete;

  [[nodiscard]] std::string certificate_pem() const {
    return pem([&](BIO* to) { PEM_write_bio_X509(to, certificate_); });
  }
  [[nodiscard]] std::string key_pem() const {
    return pem([&](BIO* to) {
      PEM_write_bio_PrivateKey(to, key_, nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  [[nodiscard]] EVP_PKEY* key() const { return key_; }
  [[nodiscard]] X509* certificate() const { return certificate_; }

 private:
  void add(int kind, const char* value) {
    X509_EXTENSION* const e = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value);
    EXPECT_NE(e, nullptr) << value;
    X509_add_ext(certificate_, e, -1);
    X509_EXTENSION_free(e);
  }
  template <class F>
  static std::string pem(F write) {
    BIO* const to = BIO_new(BIO_s_mem());
    write(to);
    char* data = nullptr;
    const long size = BIO_get_mem_data(to, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(to);
    return text;
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

class TlsFolder {
 public:
  TlsFolder() {
    std::string name = testing::TempDir() + "banyan-tls-XXXXXX";
    path_ = ::mkdtemp(name.data());
  }
  ~TlsFolder() {
    std::error_code none;
    std::filesystem::remove_all(path_, none);
  }
  TlsFolder(const TlsFolder&) = delete;
  TlsFolder& operator=(const TlsFolder&) = delete;

  // Writes it, and gives back how a configuration names it under `key`.
  config::TlsValue file(const std::string& name, std::string_view text, const std::string& key) {
    std::ofstream(path_ + "/" + name, std::ios::binary) << text;
    return {path_ + "/" + name, key, 0};
  }
  config::TlsIdentity identity(const std::string& name, const Identity& of) {
    return {file(name + ".crt", of.certificate_pem(), "tls.certificate"),
            file(name + ".key", of.key_pem(), "tls.private_key")};
  }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace banyan::test
