#include "proxy/codec/framing.h"

#include <limits>

#include "proxy/codec/hop_by_hop.h"

namespace banyan::codec {
namespace {

constexpr std::size_t kContentLengthDigitsMax = 19;

Failure bad_framing(const char* detail) {
  return Failure(Error{ErrorCode::bad_framing, Side::downstream, Retry::unsafe, detail});
}

Failure unsupported_coding() {
  return Failure(Error{ErrorCode::unsupported_transfer_encoding, Side::downstream, Retry::unsafe,
                       "a transfer coding besides chunked"});
}

Failure upstream_malformed(Error error) {
  error.code = ErrorCode::upstream_malformed;
  error.side = Side::upstream;
  return Failure(std::move(error));
}

// RFC 9112 §6.1: 501 for a coding we do not know, where `chunked` still delimits the body; else
// nobody can say where it ends.
Result<BodyLength> coded_length(const Headers& headers) {
  const bool one_line = headers.count(HeaderId::transfer_encoding) == 1;
  if (one_line && equals_ignoring_case(*headers.find(HeaderId::transfer_encoding), "chunked")) {
    return BodyLength{Framing::chunked};
  }
  std::size_t codings = 0;
  std::size_t chunked = 0;
  bool chunked_is_last = false;
  for (const Header h : headers) {
    if (h.id != HeaderId::transfer_encoding) continue;
    for_each_list_member(h.value, [&](std::string_view coding) {
      chunked_is_last = equals_ignoring_case(coding, "chunked");
      chunked += chunked_is_last ? 1 : 0;
      ++codings;
    });
  }
  if (chunked_is_last && chunked == 1 && codings > 1) return unsupported_coding();
  return bad_framing("Transfer-Encoding is not one `chunked`");
}

// The length fields of a message, whatever they mean for it.
Result<BodyLength> told_length(HttpVersion version, const Headers& headers) {
  if (headers.has(HeaderId::transfer_encoding)) {
    if (headers.has(HeaderId::content_length))
      return bad_framing("Content-Length and Transfer-Encoding");
    if (version == HttpVersion::http10) return bad_framing("Transfer-Encoding in HTTP/1.0");
    return coded_length(headers);
  }
  if (!headers.has(HeaderId::content_length)) return BodyLength{};
  if (headers.count(HeaderId::content_length) > 1) return bad_framing("Content-Length repeated");
  const auto length = parse_content_length(*headers.find(HeaderId::content_length));
  if (!length) return bad_framing("Content-Length is not a number");
  return BodyLength{Framing::content_length, *length};
}

}  // namespace

Result<BodyLength> request_body_length(HttpVersion version, const Headers& headers) {
  return told_length(version, headers);
}

Result<BodyLength> response_body_length(Method asked, int status, HttpVersion version,
                                        const Headers& headers) {
  Result<BodyLength> told = told_length(version, headers);
  if (!told) return upstream_malformed(std::move(told.error()));
  if (is_bodyless(asked, status)) {
    const bool may_tell = status >= 200 && status != 204;
    const bool promises = told->framing == Framing::chunked || told->content_length.value_or(0) > 0;
    return BodyLength{Framing::none, may_tell ? told->content_length : std::nullopt,
                      !may_tell && promises};
  }
  if (told->framing == Framing::none) told->framing = Framing::until_close;
  return told;
}

bool is_bodyless(Method asked, int status) {
  return asked == Method::head || status < 200 || status == 204 || status == 304;
}

bool keeps_alive(HttpVersion version, const Headers& headers) {
  if (!headers.has(HeaderId::connection)) return version != HttpVersion::http10;
  if (says_keep_alive(headers)) return true;
  if (headers.has_token(HeaderId::connection, "close")) return false;
  return version != HttpVersion::http10 || headers.has_token(HeaderId::connection, "keep-alive");
}

std::optional<std::uint64_t> parse_content_length(std::string_view text) {
  if (text.empty() || text.size() > kContentLengthDigitsMax) return std::nullopt;
  std::uint64_t value = 0;  // that many digits fit
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(c - '0');
  }
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  return value <= kMax ? std::optional(value) : std::nullopt;
}

}  // namespace banyan::codec
