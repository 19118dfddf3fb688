// proxy/codec/http2_field_list.h: a head or trailers as the fields that nghttp2 sends. Pure.
//
// Names are in lower case, connection-specific fields are not among them (RFC 9113 §8.2), lengths
// are written anew. What goes in is refused by Headers or was read by a parser: no name or value
// holds CR, LF or NUL.
#pragma once

#include <nghttp2/nghttp2.h>

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/message.h"
#include "base/text_buffer.h"
#include "proxy/codec/http2_indexing.h"

namespace banyan::codec {

// The request is to become a tunnel, by extended CONNECT (RFC 8441 §4).
[[nodiscard]] inline bool is_extended_connect(const RequestHead& head) {
  return head.headers.find(HeaderId::upgrade) == "websocket";
}

// One thread, one message after the other; keeps its memory. What it holds refers to the head
// that it was set from, and is for nghttp2 to copy before either changes: all but the names that
// are known, which nghttp2 is told.
class Http2FieldList {
 public:
  // head.scheme is not known to a RequestHead: `scheme` is "http" or "https".
  // `indexing` is that of the connection, here and below.
  void set_request(const RequestHead& head, std::string_view scheme, FieldIndexing& indexing);
  // `Content-Length` from head.content_length where such a status may have one.
  void set_response(const ResponseHead& head, FieldIndexing& indexing);
  void set_trailers(const Headers& trailers, FieldIndexing& indexing);

  [[nodiscard]] const nghttp2_nv* data() const { return fields_.data(); }
  [[nodiscard]] std::size_t size() const { return fields_.size(); }

 private:
  void begin(const Headers& headers);
  // `name` is in lower case and there for ever, so that nobody needs a copy of it.
  void add(std::string_view name, std::string_view value);
  void add_unknown(std::string_view name, std::string_view value);
  void add_number(std::string_view name, std::uint64_t number);
  void add_regular(const Headers& headers, FieldIndexing& indexing);
  [[nodiscard]] std::string_view lower_case(std::string_view name);

  std::vector<nghttp2_nv> fields_;
  TextBuffer names_;               // those that had to be changed
  std::array<char, 24> number_{};  // of a status or a length
  std::array<char, 24> status_{};
};

// Empty, one for each thread.
[[nodiscard]] Http2FieldList& field_list_scratch();

}  // namespace banyan::codec
