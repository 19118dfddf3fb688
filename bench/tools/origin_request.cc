#include "bench/tools/origin_request.h"

#include "bench/tools/wire.h"

namespace banyan::bench {
namespace {

constexpr std::size_t kAnswerMax = 16 << 20;
constexpr std::size_t kNone = static_cast<std::size_t>(-1);
constexpr std::string_view kPath = "/bench/", kCountsPath = "/counts";

}  // namespace

std::optional<OriginRequest> read_origin_request(std::string_view head) {
  OriginRequest request;
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const std::size_t target = line.find(' ') + 1, end = line.rfind(' ');
  if (target == 0 || end < target) return std::nullopt;
  const std::string_view path = line.substr(target, end - target);
  request.wants_counts = path == kCountsPath;
  if (path.starts_with(kPath)) {
    request.answer_bytes = number(path.substr(kPath.size()), kNone);
  } else if (!request.wants_counts) {
    return std::nullopt;
  }
  const std::string_view length = field(head, "content-length");
  if (!length.empty()) request.body_left = number(length, kNone);
  if (request.answer_bytes > kAnswerMax || request.body_left == kNone) return std::nullopt;
  if (!field(head, "transfer-encoding").empty()) return std::nullopt;
  request.is_shadow = !field(head, "x-banyan-shadow").empty();
  request.closes = field(head, "connection") == "close";
  return request;
}

}  // namespace banyan::bench
