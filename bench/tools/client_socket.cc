#include "bench/tools/client_socket.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <utility>

#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

int at_most_int(std::size_t size) { return static_cast<int>(std::min(size, std::size_t{INT_MAX})); }

}  // namespace

ClientTls::ClientTls() : context_(SSL_CTX_new(TLS_client_method())) {
  if (!context_ || SSL_CTX_set_min_proto_version(context_.get(), TLS1_3_VERSION) != 1 ||
      SSL_CTX_set_ciphersuites(context_.get(), "TLS_AES_128_GCM_SHA256") != 1) {
    give_up("TLS");
  }
  // A request that could not be written whole is offered again from where it stopped.
  SSL_CTX_set_mode(context_.get(),
                   SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

ClientSocket::ClientSocket(ClientSocket&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), session_(std::move(other.session_)) {}

bool ClientSocket::connect(std::uint16_t port, const ClientTls* tls) {
  fd_ = connect_to_loopback(port);
  if (fd_ < 0) return false;
  if (tls == nullptr || shake_hands(*tls)) return true;
  close();
  errno = EPROTO;
  return false;
}

bool ClientSocket::shake_hands(const ClientTls& tls) {
  const int flags = fcntl(fd_, F_GETFL);
  if (fcntl(fd_, F_SETFL, flags & ~O_NONBLOCK) != 0) give_up("fcntl");
  session_.reset(SSL_new(&tls.context()));
  SSL_set_fd(session_.get(), fd_);
  const bool done = SSL_connect(session_.get()) == 1;
  if (fcntl(fd_, F_SETFL, flags) != 0) give_up("fcntl");
  return done;
}

void ClientSocket::close() {
  session_.reset();
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

std::ptrdiff_t ClientSocket::send(const char* bytes, std::size_t size) {
  if (!session_) return ::send(fd_, bytes, size, MSG_NOSIGNAL);
  ERR_clear_error();
  return as_errno(SSL_write(session_.get(), bytes, at_most_int(size)));
}

std::ptrdiff_t ClientSocket::receive(char* buffer, std::size_t size) {
  if (!session_) return ::recv(fd_, buffer, size, 0);
  ERR_clear_error();
  return as_errno(SSL_read(session_.get(), buffer, at_most_int(size)));
}

std::ptrdiff_t ClientSocket::as_errno(int result) const {
  if (result > 0) return result;
  switch (SSL_get_error(session_.get(), result)) {
    case SSL_ERROR_WANT_READ:
    case SSL_ERROR_WANT_WRITE:
      errno = EAGAIN;
      return -1;
    case SSL_ERROR_ZERO_RETURN:
      return 0;
    default:
      if (errno == 0) errno = EPROTO;
      return -1;
  }
}

}  // namespace banyan::bench
