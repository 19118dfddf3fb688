#pragma once

#include <openssl/ssl.h>

#include <cstddef>
#include <cstdint>
#include <memory>

// The connections of the HTTP/1.1 load generator, in plaintext or over TLS.
namespace banyan::bench {

// TLS 1.3 with one cipher, so that every proxy has the same to compute. The certificate is not
// looked at: the proxy is known.
class ClientTls {
 public:
  ClientTls();
  [[nodiscard]] SSL_CTX& context() const { return *context_; }

 private:
  struct Free {
    void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  };
  std::unique_ptr<SSL_CTX, Free> context_;
};

class ClientSocket {
 public:
  ClientSocket() = default;
  ClientSocket(ClientSocket&& other) noexcept;
  ClientSocket& operator=(ClientSocket&& other) = delete;
  ~ClientSocket() { close(); }

  // Returns when it is connected, and hands are shaken where there is `tls`; not blocking from then
  // on. False with errno: not possible.
  [[nodiscard]] bool connect(std::uint16_t port, const ClientTls* tls);
  void close();
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }
  [[nodiscard]] int fd() const { return fd_; }

  // As send(2) and recv(2).
  [[nodiscard]] std::ptrdiff_t send(const char* bytes, std::size_t size);
  [[nodiscard]] std::ptrdiff_t receive(char* buffer, std::size_t size);

 private:
  struct Free {
    void operator()(SSL* session) const { SSL_free(session); }
  };
  [[nodiscard]] bool shake_hands(const ClientTls& tls);
  [[nodiscard]] std::ptrdiff_t as_errno(int result) const;

  int fd_ = -1;
  std::unique_ptr<SSL, Free> session_;
};

}  // namespace banyan::bench
