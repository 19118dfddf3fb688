// shadow/diff/body_kind.h: what a body says it is. Pure.
#pragma once

#include <cstdint>
#include <string_view>

namespace banyan::shadow {

enum class BodyKind : std::uint8_t {
  json,           // application/json, text/json, +json
  json_sequence,  // application/x-ndjson and its other names, application/json-seq (RFC 7464)
  form,           // application/x-www-form-urlencoded
  multipart,      // multipart/*
  protobuf,       // application/protobuf, application/x-protobuf
  text,           // text/*, XML, JavaScript
  other,
  unknown,  // no Content-Type
};

// `content_type`: the value of the field, empty where there is none.
[[nodiscard]] BodyKind declared_kind(std::string_view content_type);

// A body without its content coding, or a part of one.
struct Content {
  std::string_view type;  // the value of its Content-Type
  std::string_view bytes;
  [[nodiscard]] BodyKind kind() const { return declared_kind(type); }
};

}  // namespace banyan::shadow
