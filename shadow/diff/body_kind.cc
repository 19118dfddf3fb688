#include "shadow/diff/body_kind.h"

#include <algorithm>
#include <array>
#include <string>

#include "shadow/diff/header_value.h"

namespace banyan::shadow {
namespace {

constexpr std::array<std::string_view, 6> kSequences{
    "application/x-ndjson", "application/ndjson",    "application/jsonl",
    "application/x-jsonl",  "application/jsonlines", "application/json-seq"};
constexpr std::array<std::string_view, 4> kProtobufs{
    "application/protobuf", "application/x-protobuf", "application/vnd.google.protobuf",
    "application/x-google-protobuf"};
constexpr std::array<std::string_view, 3> kTexts{"application/xml", "application/javascript",
                                                 "application/graphql"};

bool is_one_of(const auto& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

bool has_suffix(std::string_view type, std::string_view suffix) {
  return type.size() > suffix.size() && type.ends_with(suffix);
}

}  // namespace

BodyKind declared_kind(std::string_view content_type) {
  const std::string type = lower_case(trimmed(content_type.substr(0, content_type.find(';'))));
  if (type.empty()) return BodyKind::unknown;
  if (is_one_of(kSequences, type) || has_suffix(type, "+json-seq")) return BodyKind::json_sequence;
  if (type == "application/json" || type == "text/json" || has_suffix(type, "+json")) {
    return BodyKind::json;
  }
  if (type == "application/x-www-form-urlencoded") return BodyKind::form;
  if (is_one_of(kProtobufs, type)) return BodyKind::protobuf;
  if (type.starts_with("multipart/")) return BodyKind::multipart;
  const bool text =
      type.starts_with("text/") || has_suffix(type, "+xml") || is_one_of(kTexts, type);
  return text ? BodyKind::text : BodyKind::other;
}

}  // namespace banyan::shadow
