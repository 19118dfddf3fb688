#include "tests/fuzz/proto_model.h"

#include <algorithm>

namespace banyan::test {
namespace {

std::string random_text(std::mt19937_64& random) {
  std::string text(random() % 6, ' ');
  for (char& c : text) c = static_cast<char>('a' + random() % 3);
  return text;
}

std::uint64_t random_number(std::mt19937_64& random) {
  return random() % 4 == 0 ? 0 : random() >> 40U;
}

class Encoder {
 public:
  explicit Encoder(std::mt19937_64& random) : random_(random) {}

  // Where it may be no longer than it must, `exact`.
  std::string varint(std::uint64_t value, bool exact = false) {
    std::string out;
    for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
    out += static_cast<char>(value);
    if (!exact && out.size() < 8 && random_() % 8 == 0) {
      out.back() = static_cast<char>(out.back() | '\x80');
      out += '\0';
    }
    return out;
  }
  std::string number(std::uint32_t field, std::uint64_t value) {
    return varint(std::uint64_t{field} << 3U) + varint(value);
  }
  std::string bytes(std::uint32_t field, const std::string& value) {
    return varint(std::uint64_t{field} << 3U | 2U) + varint(value.size()) + value;
  }
  // Left out now and then where that says the same.
  std::string implicit(std::uint32_t field, std::uint64_t value) {
    return value == 0 && random_() % 2 == 0 ? std::string() : number(field, value);
  }
  std::string implicit(std::uint32_t field, const std::string& value) {
    return value.empty() && random_() % 2 == 0 ? std::string() : bytes(field, value);
  }
  bool coin() { return random_() % 2 == 0; }

 private:
  std::mt19937_64& random_;
};

void append_packed(const std::vector<std::uint64_t>& values, Encoder& encoder,
                   std::vector<std::string>& pieces) {
  std::string list;
  for (const std::uint64_t value : values) list += encoder.varint(value);
  if (encoder.coin()) {
    pieces.push_back(values.empty() ? std::string() : encoder.bytes(5, list));
    return;
  }
  std::string one_by_one;
  for (const std::uint64_t value : values) one_by_one += encoder.number(5, value);
  pieces.push_back(one_by_one);
}

}  // namespace

OrderModel random_order(std::mt19937_64& random) {
  OrderModel order;
  order.id = random_number(random);
  order.state = random() % 3;
  for (std::uint64_t n = random() % 3; n > 0; --n) order.skus.push_back(random_text(random));
  for (std::uint64_t n = random() % 3; n > 0; --n) {
    order.stock[random_text(random)] = random_number(random);
  }
  for (std::uint64_t n = random() % 4; n > 0; --n) order.packed.push_back(random_number(random));
  if (random() % 2 == 0) order.note = random_text(random);
  if (random() % 2 == 0) order.card = random_text(random);
  order.seal = random_text(random);
  return order;
}

OrderModel changed(OrderModel order, std::mt19937_64& random) {
  switch (random() % 7) {
    case 0:
      ++order.id;
      break;
    case 1:
      order.skus.push_back("new");
      break;
    case 2:
      order.stock["new"] = 7;
      break;
    case 3:
      order.packed.push_back(1);
      break;
    case 4:
      order.note = order.note ? std::optional<std::string>() : "";
      break;
    case 5:
      order.card = order.card ? std::optional<std::string>() : "";
      break;
    default:
      order.seal += "x";
  }
  return order;
}

std::string encoded(const OrderModel& order, std::mt19937_64& random) {
  Encoder encoder(random);
  std::vector<std::string> pieces{encoder.implicit(1, order.id), encoder.implicit(2, order.state),
                                  encoder.implicit(9, order.seal)};
  std::string items;
  for (const std::string& sku : order.skus) items += encoder.bytes(3, encoder.implicit(1, sku));
  pieces.push_back(items);
  std::vector<std::string> entries;
  for (const auto& [key, value] : order.stock) {
    const std::string k = encoder.implicit(1, key);
    const std::string v = encoder.implicit(2, value);
    entries.push_back(encoder.bytes(4, encoder.coin() ? k + v : v + k));
  }
  std::shuffle(entries.begin(), entries.end(), random);
  for (const std::string& entry : entries) pieces.push_back(entry);
  append_packed(order.packed, encoder, pieces);
  if (order.note) pieces.push_back(encoder.bytes(6, *order.note));
  if (order.card) pieces.push_back(encoder.bytes(7, *order.card));
  std::shuffle(pieces.begin(), pieces.end(), random);
  std::string out;
  for (const std::string& piece : pieces) out += piece;
  return out;
}

std::string framed(const std::string& message) {
  std::string out(1, '\0');
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(message.size() >> shift);
  return out + message;
}

}  // namespace banyan::test
