#include "shadow/diff/grpc_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "base/headers.h"
#include "shadow/diff/content_coding.h"
#include "shadow/diff/json_diff.h"
#include "shadow/diff/json_tape.h"
#include "shadow/diff/proto_json.h"
#include "shadow/diff/text_diff.h"
#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kPrefixSize = 5;

struct Message {
  bool compressed = false;
  std::string_view bytes;
};

std::optional<Message> take_message(std::string_view& body) {
  if (body.size() < kPrefixSize) return std::nullopt;
  const auto byte = [&](std::size_t at) {
    return std::uint32_t{static_cast<unsigned char>(body[at])};
  };
  const std::size_t size = byte(1) << 24U | byte(2) << 16U | byte(3) << 8U | byte(4);
  if (byte(0) > 1 || size > body.size() - kPrefixSize) return std::nullopt;
  const Message message{byte(0) == 1, body.substr(kPrefixSize, size)};
  body.remove_prefix(kPrefixSize + size);
  return message;
}

std::optional<std::size_t> count_messages(std::string_view body) {
  std::size_t count = 0;
  for (; !body.empty(); ++count) {
    if (!take_message(body)) return std::nullopt;
  }
  return count;
}

std::string shown(const Message& message, std::size_t offset, bool for_shapes) {
  if (for_shapes) return size_and_hash(message.bytes, offset);
  return fmt::format("{} {}bytes, from byte {}", message.bytes.size(),
                     message.compressed ? "compressed " : "", offset);
}

void compare_messages(std::size_t index, const Message& left, const Message& right,
                      Findings& findings) {
  const auto differs =
      std::mismatch(left.bytes.begin(), left.bytes.end(), right.bytes.begin(), right.bytes.end());
  const bool same_bytes = differs.first == left.bytes.end() && differs.second == right.bytes.end();
  if (same_bytes && left.compressed == right.compressed) return;
  const auto offset = static_cast<std::size_t>(differs.first - left.bytes.begin());
  findings.add(
      left.bytes.size() == right.bytes.size() ? Kind::value : Kind::length,
      [=] { return fmt::format("$[{}]", index); },
      [&] { return shown(left, offset, findings.for_shapes()); },
      [&] { return shown(right, offset, findings.for_shapes()); }, Holds::bytes);
}

void compare_by_bytes(std::string_view left, std::size_t left_count, std::string_view right,
                      std::size_t right_count, Findings& findings) {
  if (left_count != right_count) {
    findings.add(
        Kind::length, [] { return std::string("$"); },
        [&] { return fmt::format("{} messages", left_count); },
        [&] { return fmt::format("{} messages", right_count); }, Holds::description);
  }
  for (std::size_t i = 0; i < std::min(left_count, right_count); ++i) {
    compare_messages(i, *take_message(left), *take_message(right), findings);
  }
}

// The messages as one JSON array; nothing where one of them is no protobuf.
std::optional<std::string> as_json(const CapturedResponse& response,
                                   const ProtoSchema::Message* type) {
  const std::string_view coding = response.headers.find("grpc-encoding").value_or("identity");
  std::string_view rest = response.body;
  std::string json = "[";
  while (!rest.empty()) {
    const Message message = *take_message(rest);
    const Decoded plain = message.compressed ? decoded(coding, message.bytes)
                                             : Decoded{std::string(message.bytes), {}};
    if (!plain.problem.empty() || json.size() > kJsonBytesMax) return std::nullopt;
    if (json.size() > 1) json += ',';
    if (!append_proto(plain.body, type, json)) return std::nullopt;
  }
  return json + "]";
}

bool compare_documents(std::string_view left_json, std::string_view right_json,
                       Findings& findings) {
  JsonTape left;
  JsonTape right;
  if (!left.parse(left_json) || !right.parse(right_json)) return false;
  compare_json(left, right, findings);
  return true;
}

bool says_other_than_proto(const CapturedResponse& response) {
  const std::string_view type = response.headers.find(HeaderId::content_type).value_or("");
  const std::size_t plus = type.find('+');
  return plus != std::string_view::npos &&
         !equals_ignoring_case(type.substr(plus + 1, type.find(';', plus) - plus - 1), "proto");
}

// RFC 4648, with or without padding; empty where it is none.
std::string without_base64(std::string_view text) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  while (text.ends_with('=')) text.remove_suffix(1);
  std::string out;
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const std::size_t letter = kLetters.find(c);
    if (letter == std::string_view::npos) return {};
    bits = (bits << 6U | static_cast<std::uint32_t>(letter)) & 0xffffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 0xffU);
  }
  return out;
}

// google/rpc/status.proto and google/protobuf/any.proto
const ProtoSchema::Message& status_message() {
  using Type = ProtoSchema::Type;
  static const ProtoSchema::Message any{
      "google.protobuf.Any",
      {{1, {"type_url", Type::string, false, false, -1, {}, nullptr, nullptr}},
       {2, {"value", Type::bytes, false, false, -1, {}, nullptr, nullptr}}},
      false};
  static const ProtoSchema::Message status{
      "google.rpc.Status",
      {{1, {"code", Type::int32, false, false, -1, {}, nullptr, nullptr}},
       {2, {"message", Type::string, false, false, -1, {}, nullptr, nullptr}},
       {3, {"details", Type::message, true, false, -1, {}, &any, nullptr}}},
      false};
  return status;
}

}  // namespace

bool is_grpc(const CapturedResponse& response) {
  constexpr std::string_view kType = "application/grpc";
  const std::string_view type = response.headers.find(HeaderId::content_type).value_or("");
  if (!equals_ignoring_case(type.substr(0, kType.size()), kType)) return false;
  return type.size() == kType.size() ||
         std::string_view("+; \t").find(type[kType.size()]) != std::string_view::npos;
}

bool is_grpc_framed(std::string_view body) { return count_messages(body).has_value(); }

bool compare_as_grpc(const CapturedResponse& left, const CapturedResponse& right,
                     const ProtoSchema::Message* message, Findings& findings) {
  const auto left_count = count_messages(left.body);
  const auto right_count = count_messages(right.body);
  if (!left_count || !right_count) return false;
  if (!says_other_than_proto(left) && !says_other_than_proto(right)) {
    const auto a = as_json(left, message);
    const auto b = as_json(right, message);
    if (message == nullptr) findings.hide_values();
    if (a && b && compare_documents(*a, *b, findings)) return true;
    findings.show_values();
  }
  compare_by_bytes(left.body, *left_count, right.body, *right_count, findings);
  return true;
}

bool compare_as_proto(std::string_view left, std::string_view right,
                      const ProtoSchema::Message* message, Findings& findings) {
  std::string a;
  std::string b;
  if (!append_proto(left, message, a) || !append_proto(right, message, b)) return false;
  if (message == nullptr) findings.hide_values();
  return compare_documents(a, b, findings);
}

bool compare_status_details(std::string_view left, std::string_view right, Findings& findings) {
  const std::string a = without_base64(left);
  const std::string b = without_base64(right);
  if (a.empty() || b.empty() || !is_wire_message(a) || !is_wire_message(b)) return false;
  findings.hide_values();
  return compare_as_proto(a, b, &status_message(), findings);
}

}  // namespace banyan::shadow
