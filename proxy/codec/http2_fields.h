// proxy/codec/http2_fields.h: one field section of HTTP/2, from decoded fields to a head. Pure.
//
// All that RFC 9113 §8 asks of fields is asked here, whatever the library below lets through: a
// section that would be understood differently once it is written as HTTP/1.1 is refused. Limits
// and reason words are those of HTTP/1.1; a field counts as the line that HTTP/1.1 would write.
//
//   begin() -> take()* -> end()       fields in the order in which they came; after the first
//                                     fault the others are only passed over
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/message.h"
#include "base/result.h"
#include "base/text_buffer.h"
#include "proxy/codec/codec.h"

namespace banyan::codec {

struct Http2Field {
  std::string_view name;
  std::string_view value;
  bool never_indexed;  // nor may it be where it goes on to (RFC 7541 §6.2.3)
};

// What the sections have in common: the syntax of a field and the limits (RFC 9113 §8.2).
class Http2Section {
 public:
  [[nodiscard]] bool refused() const { return fault_.has_value(); }

 protected:
  enum class Kind : std::uint8_t { pseudo, regular, refused };

  void begin(std::size_t bytes_max, std::size_t fields_max);
  // A regular field may be added to a head; a pseudo-header stands in its place and has a value
  // that is one line.
  [[nodiscard]] Kind admit(const Http2Field& field);
  // A regular field that was just admitted.
  void add_to(Headers& headers, const Http2Field& field) const;
  // Keeps the first fault.
  void refuse(ErrorCode code, std::string_view detail);
  [[nodiscard]] Result<void> result() const;

 private:
  [[nodiscard]] bool within_limits(std::string_view name, std::string_view value);
  void check_regular(std::string_view name, std::string_view value);
  void check_name(std::string_view name);

  std::optional<Error> fault_;
  std::size_t bytes_left_ = 0;
  std::size_t fields_left_ = 0;
  HeaderId id_ = HeaderId::other;  // of the field that was admitted last
  bool regular_seen_ = false;
  bool cookie_seen_ = false;
};

// Of a client (RFC 9113 §8.3.1). Any of the client's codes in base/error.h.
class Http2RequestFields : public Http2Section {
 public:
  // `head` is empty and stays the same until end().
  void begin(const HeadLimits& limits);
  void take(const Http2Field& field, RequestHead& head);
  // `ended`: no body follows. Fills what HTTP/1.1 says in its request line and with its framing;
  // Framing::chunked stands for a body of unknown length. Cookie crumbs are one field again.
  // Extended CONNECT to WebSocket (RFC 8441) becomes the GET without a body and with `Upgrade` that
  // it stands for; to other protocols it is upgrade_unsupported.
  [[nodiscard]] Result<void> end(bool ended, RequestHead& head);

 private:
  void take_pseudo(std::string_view name, std::string_view value, RequestHead& head);
  void take_method(std::string_view value, RequestHead& head);
  void take_path(std::string_view value, RequestHead& head);
  void take_authority(std::string_view value, RequestHead& head);
  void take_cookie(const Http2Field& crumb);
  void take_extended_connect(RequestHead& head);
  void check_pseudo(const RequestHead& head);
  void check_host(const RequestHead& head);
  void finish(bool ended, RequestHead& head);

  TextBuffer cookie_;
  bool cookie_never_indexed_ = false;
  std::size_t url_bytes_max_ = 0;
  std::uint8_t pseudo_seen_ = 0;
  bool scheme_is_http_ = false;
  bool protocol_is_websocket_ = false;
};

// Of an upstream (RFC 9113 §8.3.2). upstream_malformed.
class Http2ResponseFields : public Http2Section {
 public:
  void begin(const HeadLimits& limits);
  void take(const Http2Field& field, ResponseHead& head);
  // `asked` is the method of the request. 101 is refused, other 1xx are not, unless `ended`.
  // Framing::chunked stands for a body of unknown length, Framing::none for one that is ended
  // before it began, whatever was asked: trailers only, for gRPC.
  [[nodiscard]] Result<void> end(Method asked, bool ended, ResponseHead& head);

 private:
  void take_status(std::string_view value, ResponseHead& head);
};

// Behind a body (RFC 9113 §8.1): fields that may be forwarded are kept (proxy/codec/trailers.h).
class Http2TrailerFields : public Http2Section {
 public:
  void begin(const HeadLimits& limits);
  void take(const Http2Field& field, Headers& kept);
  // bad_framing, as behind chunked bodies.
  [[nodiscard]] Result<void> end() const { return result(); }
};

// Whether a body is as long as its head promises (RFC 9113 §8.1.1).
class PromisedLength {
 public:
  PromisedLength() = default;
  // Where there is a length but no body (HEAD, 304), `length` is empty and take() is not called.
  explicit PromisedLength(std::optional<std::uint64_t> length) : left_(length) {}
  // False where `size` bytes are more than were promised.
  [[nodiscard]] bool take(std::size_t size) {
    if (!left_) return true;
    if (size > *left_) return false;
    *left_ -= size;
    return true;
  }
  [[nodiscard]] bool is_kept() const { return left_.value_or(0) == 0; }

 private:
  std::optional<std::uint64_t> left_;
};

}  // namespace banyan::codec
