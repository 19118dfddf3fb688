// tests/fuzz/proto_model.h: an Order of tests/unit/shadow/diff/orders.proto, and ways to write it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace banyan::test {

struct OrderModel {
  std::uint64_t id = 0;
  std::uint64_t state = 0;
  std::vector<std::string> skus;
  std::map<std::string, std::uint64_t> stock;
  std::vector<std::uint64_t> packed;  // as on the wire
  std::optional<std::string> note;
  std::optional<std::string> card;
  std::string seal;
  bool operator==(const OrderModel&) const = default;
};

[[nodiscard]] OrderModel random_order(std::mt19937_64& random);
// Another order, different in one field.
[[nodiscard]] OrderModel changed(OrderModel order, std::mt19937_64& random);

// One of the many encodings of the same message: fields in any order, lists packed or not, what is
// the default written or left out, varints longer than they need be.
[[nodiscard]] std::string encoded(const OrderModel& order, std::mt19937_64& random);
[[nodiscard]] std::string framed(const std::string& message);

}  // namespace banyan::test
