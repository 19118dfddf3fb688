#include "proxy/codec/http2_field_list.h"

#include <algorithm>
#include <charconv>

namespace banyan::codec {
namespace {

// What this list says by itself, or HTTP/2 by other means than fields.
constexpr HeaderIds kNotCopied{
    HeaderId::connection,       HeaderId::content_length,    HeaderId::host,   HeaderId::keep_alive,
    HeaderId::proxy_connection, HeaderId::transfer_encoding, HeaderId::upgrade};

// Neither side's table keeps them, so no later guess can be tested against it (RFC 7541 §7.1.3).
constexpr HeaderIds kNeverIndexed{HeaderId::authorization, HeaderId::proxy_authorization};

// nghttp2 takes fields as bytes that it may change, and does not change them.
std::uint8_t* bytes_of(std::string_view text) {
  return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
}

bool has_upper_case(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) { return ascii_lower(c) != c; });
}

}  // namespace

void Http2FieldList::begin(const Headers& headers) {
  fields_.clear();
  names_.clear();
  names_.reserve(headers.lines().size());  // so that names stay where they are
}

void Http2FieldList::add(std::string_view name, std::string_view value) {
  fields_.push_back(
      {bytes_of(name), bytes_of(value), name.size(), value.size(), NGHTTP2_NV_FLAG_NO_COPY_NAME});
}

void Http2FieldList::add_unknown(std::string_view name, std::string_view value) {
  add(lower_case(name), value);
  fields_.back().flags = NGHTTP2_NV_FLAG_NONE;
}

void Http2FieldList::add_number(std::string_view name, std::uint64_t number) {
  const char* const end =
      std::to_chars(number_.data(), number_.data() + number_.size(), number).ptr;
  add(name, {number_.data(), static_cast<std::size_t>(end - number_.data())});
}

std::string_view Http2FieldList::lower_case(std::string_view name) {
  if (!has_upper_case(name)) return name;
  char* const to = names_.extend(name.size());
  std::transform(name.begin(), name.end(), to, ascii_lower);
  return {to, name.size()};
}

// nghttp2 has one flag for what need not and for what must not be indexed: the latter goes on from
// there, which is more than was asked and never less.
void Http2FieldList::add_regular(const Headers& headers, FieldIndexing& indexing) {
  for (std::size_t i = 0; i < headers.size(); ++i) {
    const Header h = headers[i];
    if (kNotCopied.has(h.id)) continue;
    if (h.id == HeaderId::other) {
      add_unknown(h.name, h.value);
    } else {
      add(name_of(h.id), h.value);
    }
    const bool never = kNeverIndexed.has(h.id) || headers.is_never_indexed(i);
    const nghttp2_nv& added = fields_.back();
    if (never ||
        !indexing.pays(h.id, {reinterpret_cast<const char*>(added.name), added.namelen}, h.value)) {
      fields_.back().flags |= NGHTTP2_NV_FLAG_NO_INDEX;
    }
  }
}

void Http2FieldList::set_request(const RequestHead& head, std::string_view scheme,
                                 FieldIndexing& indexing) {
  begin(head.headers);
  const bool tunnel = is_extended_connect(head);
  add(":method", tunnel ? std::string_view("CONNECT") : head.method_text.view());
  if (tunnel) add(":protocol", "websocket");
  add(":scheme", scheme);
  if (!head.authority.empty()) add(":authority", head.authority);
  add(":path", head.target);
  add_regular(head.headers, indexing);
  if (head.framing == Framing::content_length) {
    add_number(name_of(HeaderId::content_length), head.content_length);
  }
}

void Http2FieldList::set_response(const ResponseHead& head, FieldIndexing& indexing) {
  begin(head.headers);
  const char* const end =
      std::to_chars(status_.data(), status_.data() + status_.size(), head.status).ptr;
  add(":status", {status_.data(), static_cast<std::size_t>(end - status_.data())});
  add_regular(head.headers, indexing);
  const bool may_have_length = head.status >= 200 && head.status != 204;  // RFC 9110 §8.6
  if (may_have_length && head.content_length) {
    add_number(name_of(HeaderId::content_length), *head.content_length);
  }
}

void Http2FieldList::set_trailers(const Headers& trailers, FieldIndexing& indexing) {
  begin(trailers);
  add_regular(trailers, indexing);
}

Http2FieldList& field_list_scratch() {
  thread_local Http2FieldList scratch;
  return scratch;
}

}  // namespace banyan::codec
