#pragma once

#include <cstddef>
#include <string>

namespace banyan::bench {

// The body that the origin sends and the load generator expects, byte by byte: JSON of exactly
// `size` bytes (plain spaces where no JSON fits, below 32).
inline std::string sample_body(std::size_t size) {
  constexpr std::size_t kSmallest = 32;
  if (size < kSmallest) return std::string(size, ' ');
  const std::string start = R"({"items":[)", middle = R"({}],"pad":")", end = R"("})";
  std::string body = start;
  for (std::size_t id = 0;; ++id) {
    const std::string number = std::to_string(id);
    const std::string item = R"({"id":)" + number + R"(,"name":"item )" + number + R"("},)";
    if (body.size() + item.size() + middle.size() + end.size() > size) break;
    body += item;
  }
  body += middle;
  body.append(size - body.size() - end.size(), 'x');
  return body + end;
}

// The same as one message of gRPC, `size` bytes with its prefix: no compression, the length.
inline std::string sample_message(std::size_t size) {
  constexpr std::size_t kPrefix = 5;
  const std::size_t length = size < kPrefix ? 0 : size - kPrefix;
  std::string message(kPrefix, '\0');
  for (std::size_t i = 1; i < kPrefix; ++i) {
    message[i] = static_cast<char>(length >> (8 * (kPrefix - 1 - i)) & 0xff);
  }
  return message + sample_body(length);
}

}  // namespace banyan::bench
