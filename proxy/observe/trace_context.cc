#include "proxy/observe/trace_context.h"

#include <algorithm>

namespace banyan::observe {
namespace {

//   version "-" trace-id "-" parent-id "-" flags        00-<32 hex>-<16 hex>-<2 hex>
constexpr std::size_t kTraceAt = 3;
constexpr std::size_t kTraceSize = 32;
constexpr std::size_t kParentAt = kTraceAt + kTraceSize + 1;
constexpr std::size_t kParentSize = 16;
constexpr std::size_t kFlagsAt = kParentAt + kParentSize + 1;
constexpr std::size_t kSize = kFlagsAt + 2;

bool is_hex(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_id(std::string_view text) {
  return is_hex(text) && text.find_first_not_of('0') != std::string_view::npos;
}

bool is_valid(std::string_view v) {
  if (v.size() < kSize || v[2] != '-' || v[kParentAt - 1] != '-' || v[kFlagsAt - 1] != '-') {
    return false;
  }
  const std::string_view version = v.substr(0, 2);
  // A later version may have more behind another dash.
  const bool ends = v.size() == kSize || (version != "00" && v[kSize] == '-');
  return ends && is_hex(version) && version != "ff" && is_id(v.substr(kTraceAt, kTraceSize)) &&
         is_id(v.substr(kParentAt, kParentSize)) && is_hex(v.substr(kFlagsAt, 2));
}

}  // namespace

std::optional<std::string> with_parent(std::string_view traceparent, std::uint64_t parent) {
  if (!is_valid(traceparent)) return std::nullopt;
  std::string made(traceparent);
  if (parent == 0) parent = 1;
  for (std::size_t i = kParentSize; i > 0; --i, parent >>= 4U) {
    made[kParentAt + i - 1] = "0123456789abcdef"[parent & 0xFU];
  }
  return made;
}

}  // namespace banyan::observe
