// bench/comparison/bodies.h: answers such as services give, to be compared. The same bytes each
// run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "shadow/capture.h"

namespace banyan::bench {

// 200, with a few headers beside the type.
[[nodiscard]] shadow::CapturedResponse answer(std::string_view type, std::string body);
[[nodiscard]] shadow::CapturedPair pair_of(shadow::CapturedResponse left,
                                           shadow::CapturedResponse right);

// A JSON order of about `bytes`. `asked` is in a time and an id, as of another moment of asking.
[[nodiscard]] std::string order(std::size_t bytes, int asked);
// The same with the members of all objects in another order.
[[nodiscard]] std::string reordered_order(std::size_t bytes, int asked);
// `count` small objects; where `extra_at` is one of them, one more stands before it.
[[nodiscard]] std::string list(int count, int extra_at);
[[nodiscard]] std::string reversed_list(int count);
[[nodiscard]] std::string lines(int count, int extra_at);

// Messages of shop.Order as gRPC frames them, `count` in a row; the price of the last is `price`.
[[nodiscard]] std::string grpc_stream(int count, std::uint64_t price);
// A FileDescriptorSet that knows them.
[[nodiscard]] std::string order_descriptors();

[[nodiscard]] std::string gzipped(std::string_view body);

}  // namespace banyan::bench
