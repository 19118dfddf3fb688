#include "bench/comparison/bodies.h"

#include <fmt/format.h>
#include <zlib.h>

#include <utility>

namespace banyan::bench {
namespace {

enum class Wire : std::uint8_t { varint = 0, bytes = 2 };

void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7U) out += static_cast<char>(value | 0x80U);
  out += static_cast<char>(value);
}

void append_number(std::string& out, std::uint32_t field, std::uint64_t value) {
  append_varint(out, field << 3U | static_cast<std::uint32_t>(Wire::varint));
  append_varint(out, value);
}

void append_bytes(std::string& out, std::uint32_t field, std::string_view value) {
  append_varint(out, field << 3U | static_cast<std::uint32_t>(Wire::bytes));
  append_varint(out, value.size());
  out += value;
}

// message Item { string sku = 1; uint64 price = 2; }  message Order { uint64 id = 1; repeated Item
// items = 2; string note = 3; }
std::string order_message(int id, std::uint64_t price) {
  std::string message;
  append_number(message, 1, static_cast<std::uint64_t>(id));
  for (int i = 0; i < 8; ++i) {
    std::string item;
    append_bytes(item, 1, fmt::format("sku-{}-{}", id, i));
    append_number(item, 2, price);
    append_bytes(message, 2, item);
  }
  append_bytes(message, 3, "to be left with the neighbours");
  return message;
}

// FieldDescriptorProto
void append_field(std::string& message, std::string_view name, std::uint32_t number,
                  std::uint32_t type, bool repeated, std::string_view type_name) {
  std::string field;
  append_bytes(field, 1, name);
  append_number(field, 3, number);
  append_number(field, 4, repeated ? 3 : 1);
  append_number(field, 5, type);
  if (!type_name.empty()) append_bytes(field, 6, type_name);
  append_bytes(message, 2, field);
}

std::string order_with(std::string_view head, std::size_t bytes) {
  std::string body(head);
  for (int i = 0; i == 0 || body.size() + 120 < bytes; ++i) {
    body += fmt::format(
        R"({{"sku":"sku-{}","name":"A thing that somebody ordered","price":{}.50,"tags":["a","b"]}},)",
        i, i);
  }
  body.back() = ']';
  return body + "}";
}

}  // namespace

shadow::CapturedResponse answer(std::string_view type, std::string body) {
  shadow::CapturedResponse response;
  response.outcome = shadow::Outcome::answered;
  response.status = 200;
  response.headers.add("content-type", type);
  response.headers.add("cache-control", "no-store");
  response.headers.add("vary", "accept-encoding");
  response.body = std::move(body);
  return response;
}

shadow::CapturedPair pair_of(shadow::CapturedResponse left, shadow::CapturedResponse right) {
  shadow::CapturedPair pair;
  pair.method = "GET";
  pair.target = "/shop.Orders/Get";
  pair.legacy = std::move(left);
  pair.monolith = std::move(right);
  return pair;
}

std::string order(std::size_t bytes, int asked) {
  return order_with(
      fmt::format(
          R"({{"id":4711,"updated_at":"2026-11-22T13:37:{:02}Z","trace":"{:032x}","items":[)",
          asked, asked * 7919),
      bytes);
}

std::string reordered_order(std::size_t bytes, int asked) {
  std::string body = fmt::format(
      R"({{"trace":"{:032x}","updated_at":"2026-11-22T13:37:{:02}Z","id":4711,"items":[)",
      asked * 7919, asked);
  for (int i = 0; i == 0 || body.size() + 120 < bytes; ++i) {
    body += fmt::format(
        R"({{"tags":["a","b"],"price":{}.50,"name":"A thing that somebody ordered","sku":"sku-{}"}},)",
        i, i);
  }
  body.back() = ']';
  return body + "}";
}

std::string list(int count, int extra_at) {
  std::string body = "[";
  for (int i = 0; i < count; ++i) {
    if (i == extra_at) body += R"({"id":-1,"v":0},)";
    body += fmt::format(R"({{"id":{},"v":{}}},)", i, i % 100);
  }
  body.back() = ']';
  return body;
}

std::string reversed_list(int count) {
  std::string body = "[";
  for (int i = count; i-- > 0;) body += fmt::format(R"({{"id":{},"v":{}}},)", i, i % 100);
  body.back() = ']';
  return body;
}

std::string lines(int count, int extra_at) {
  std::string body;
  for (int i = 0; i < count; ++i) {
    if (i == extra_at) body += "a line that only one side has\n";
    body += fmt::format("{:08} a line of a text that a service writes\n", i);
  }
  return body;
}

std::string grpc_stream(int count, std::uint64_t price) {
  std::string body;
  for (int i = 0; i < count; ++i) {
    const std::string message = order_message(i, i + 1 == count ? price : 100);
    body += '\0';
    for (const unsigned shift : {24U, 16U, 8U, 0U}) {
      body += static_cast<char>(message.size() >> shift & 0xffU);
    }
    body += message;
  }
  return body;
}

std::string order_descriptors() {
  constexpr std::uint32_t kUint64 = 4;
  constexpr std::uint32_t kString = 9;
  constexpr std::uint32_t kMessage = 11;
  std::string item;
  append_bytes(item, 1, "Item");
  append_field(item, "sku", 1, kString, false, {});
  append_field(item, "price", 2, kUint64, false, {});
  std::string order;
  append_bytes(order, 1, "Order");
  append_field(order, "id", 1, kUint64, false, {});
  append_field(order, "items", 2, kMessage, true, ".shop.Item");
  append_field(order, "note", 3, kString, false, {});
  std::string method;
  append_bytes(method, 1, "Get");
  append_bytes(method, 3, ".shop.Order");
  std::string service;
  append_bytes(service, 1, "Orders");
  append_bytes(service, 2, method);
  std::string file;
  append_bytes(file, 2, "shop");
  append_bytes(file, 4, item);
  append_bytes(file, 4, order);
  append_bytes(file, 6, service);
  append_bytes(file, 12, "proto3");
  std::string set;
  append_bytes(set, 1, file);
  return set;
}

std::string gzipped(std::string_view body) {
  constexpr int kGzip = MAX_WBITS + 16;
  z_stream stream{};
  if (deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK) {
    return {};
  }
  std::string out(deflateBound(&stream, body.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));
  stream.avail_in = static_cast<uInt>(body.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

}  // namespace banyan::bench
