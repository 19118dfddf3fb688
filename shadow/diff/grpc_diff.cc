#include "shadow/diff/grpc_diff.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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

std::string shown(const Message& message, std::size_t offset) {
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
      [=] { return fmt::format("$[{}]", index); }, [&] { return shown(left, offset); },
      [&] { return shown(right, offset); });
}

}  // namespace

bool is_grpc(const CapturedResponse& response) {
  constexpr std::string_view kType = "application/grpc";
  const std::string_view type = response.headers.find(HeaderId::content_type).value_or("");
  if (!equals_ignoring_case(type.substr(0, kType.size()), kType)) return false;
  return type.size() == kType.size() ||
         std::string_view("+; \t").find(type[kType.size()]) != std::string_view::npos;
}

bool compare_as_grpc(std::string_view left, std::string_view right, Findings& findings) {
  const auto left_count = count_messages(left);
  const auto right_count = count_messages(right);
  if (!left_count || !right_count) return false;
  if (*left_count != *right_count) {
    findings.add(
        Kind::length, [] { return std::string("$"); },
        [&] { return fmt::format("{} messages", *left_count); },
        [&] { return fmt::format("{} messages", *right_count); });
  }
  for (std::size_t i = 0; i < std::min(*left_count, *right_count); ++i) {
    compare_messages(i, *take_message(left), *take_message(right), findings);
  }
  return true;
}

}  // namespace banyan::shadow
