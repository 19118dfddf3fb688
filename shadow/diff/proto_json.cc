#include "shadow/diff/proto_json.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <deque>
#include <iterator>
#include <map>
#include <vector>

#include "shadow/diff/json_tape.h"
#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

using Field = ProtoSchema::Field;
using Message = ProtoSchema::Message;
using Type = ProtoSchema::Type;
using Occurrences = std::vector<WireField>;

WireType wire_type_of(Type type) {
  switch (type) {
    case Type::float64:
    case Type::fixed64:
    case Type::sfixed64:
      return WireType::fixed64;
    case Type::float32:
    case Type::fixed32:
    case Type::sfixed32:
      return WireType::fixed32;
    case Type::string:
    case Type::bytes:
    case Type::message:
      return WireType::bytes;
    case Type::group:
      return WireType::group;
    default:
      return WireType::varint;
  }
}

bool is_message(const Field& field) {
  return field.type == Type::message || field.type == Type::group;
}
bool is_text_or_bytes(const Field& field) {
  return field.type == Type::string || field.type == Type::bytes;
}

std::int64_t zigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1U) ^ -static_cast<std::int64_t>(value & 1U);
}

template <class Float>
std::string float_text(Float value) {
  if (std::isnan(value)) return "\"NaN\"";
  if (std::isinf(value)) return value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  return fmt::format("{}", value);
}

std::string number_text(const Field& field, std::uint64_t value) {
  switch (field.type) {
    case Type::float64:
      return float_text(std::bit_cast<double>(value));
    case Type::float32:
      return float_text(std::bit_cast<float>(static_cast<std::uint32_t>(value)));
    case Type::int64:
    case Type::sfixed64:
      return std::to_string(static_cast<std::int64_t>(value));
    case Type::int32:
    case Type::sfixed32:
      return std::to_string(static_cast<std::int32_t>(value));
    case Type::uint32:
    case Type::fixed32:
      return std::to_string(static_cast<std::uint32_t>(value));
    case Type::sint32:
      return std::to_string(static_cast<std::int32_t>(zigzag(value & 0xffffffffU)));
    case Type::sint64:
      return std::to_string(zigzag(value));
    case Type::boolean:
      return value != 0 ? "true" : "false";
    default:
      return std::to_string(value);
  }
}

bool is_plain_text(std::string_view bytes) {
  return is_utf8(bytes) && std::none_of(bytes.begin(), bytes.end(), [](char c) {
           const auto byte = static_cast<unsigned char>(c);
           return byte == 0x7f || (byte < 0x20 && c != '\n' && c != '\r' && c != '\t');
         });
}

class ProtoWriter {
 public:
  explicit ProtoWriter(std::string& json) : json_(json), size_max_(json.size() + kJsonBytesMax) {}

  bool append(std::string_view bytes, const Message* message, int depth) {
    if (depth > kProtoDepthMax || json_.size() > size_max_) return false;
    std::map<std::uint32_t, Occurrences> fields;
    std::map<int, std::uint32_t> chosen;  // of each oneof, the member that came last
    std::uint32_t previous = 0;
    bool in_order = true;
    WireReader reader(bytes);
    while (const auto field = reader.next()) {
      fields[field->number].push_back(*field);
      in_order = in_order && field->number >= previous;
      previous = field->number;
      if (message == nullptr) continue;
      const auto known = message->fields.find(field->number);
      if (known != message->fields.end() && known->second.oneof >= 0) {
        chosen[known->second.oneof] = field->number;
      }
    }
    if (reader.is_broken()) return false;
    json_ += '{';
    for (const auto& [number, occurrences] : fields) {
      if (!append_field(number, occurrences, message, chosen, depth)) return false;
    }
    // What only looks like a message must not be equal to other bytes.
    if (message == nullptr && depth > 0 && !in_order) append_order(bytes);
    json_ += '}';
    return true;
  }

 private:
  void append_name(std::string_view name) {
    if (json_.back() != '{') json_ += ',';
    append_json_string(name, json_);
    json_ += ':';
  }

  void append_order(std::string_view bytes) {
    append_name("#order");
    json_ += '[';
    WireReader reader(bytes);
    while (const auto field = reader.next()) {
      if (json_.back() != '[') json_ += ',';
      json_ += std::to_string(field->number);
    }
    json_ += ']';
  }

  bool append_field(std::uint32_t number, const Occurrences& occurrences, const Message* message,
                    const std::map<int, std::uint32_t>& chosen, int depth) {
    const Field* field = nullptr;
    if (message != nullptr) {
      const auto at = message->fields.find(number);
      if (at != message->fields.end()) field = &at->second;
    }
    if (field == nullptr || !fits(*field, occurrences)) {
      return append_unknown(number, occurrences, depth);
    }
    if (field->oneof >= 0 && chosen.at(field->oneof) != number) return true;
    if (field->message != nullptr && field->message->is_map_entry) {
      return append_map(*field, occurrences, depth);
    }
    if (field->repeated) return append_list(*field, occurrences, depth);
    if (is_message(*field)) {
      append_name(field->name);
      return append(merged(occurrences), field->message, depth + 1);
    }
    const WireField& last = occurrences.back();
    if (!field->has_presence && last.value == 0 && last.bytes.empty()) return true;
    append_name(field->name);
    append_scalar(*field, last);
    return true;
  }

  // Lists of numbers may come packed or not, whatever the descriptor says.
  static bool fits(const Field& field, const Occurrences& occurrences) {
    const WireType expected = wire_type_of(field.type);
    return std::all_of(occurrences.begin(), occurrences.end(), [&](const WireField& one) {
      const bool packed = field.repeated && !is_message(field) && one.type == WireType::bytes;
      return one.type == expected || packed;
    });
  }

  // Parsing what was joined is merging.
  std::string_view merged(const Occurrences& occurrences) {
    if (occurrences.size() == 1) return occurrences.front().bytes;
    std::string& all = kept_.emplace_back();
    for (const WireField& one : occurrences) all += one.bytes;
    return all;
  }

  void append_scalar(const Field& field, const WireField& value) {
    if (field.type == Type::bytes) {
      append_json_string(base64_of(value.bytes), json_);
    } else if (field.type == Type::string) {
      append_text(value.bytes);
    } else if (field.type == Type::enumeration) {
      const auto name = field.names->find(static_cast<std::int32_t>(value.value));
      if (name == field.names->end()) {
        json_ += std::to_string(static_cast<std::int32_t>(value.value));
      } else {
        append_json_string(name->second, json_);
      }
    } else {
      json_ += number_text(field, value.value);
    }
  }

  void append_text(std::string_view bytes) {
    if (is_utf8(bytes)) return append_json_string(bytes, json_);
    json_ += "{\"#bytes\":";
    append_json_string(base64_of(bytes), json_);
    json_ += '}';
  }

  bool append_list(const Field& field, const Occurrences& occurrences, int depth) {
    const std::size_t before = json_.size();
    append_name(field.name);
    json_ += '[';
    const std::size_t empty = json_.size();
    const auto separate = [&] {
      if (json_.size() > empty) json_ += ',';
    };
    for (const WireField& one : occurrences) {
      if (is_message(field)) {
        separate();
        if (!append(one.bytes, field.message, depth + 1)) return false;
      } else if (one.type == WireType::bytes && !is_text_or_bytes(field)) {
        WireReader packed(one.bytes);
        while (!packed.at_end()) {
          const auto value = packed.next_value(wire_type_of(field.type));
          if (!value) return false;
          separate();
          append_scalar(field, WireField{0, WireType::varint, *value, {}});
        }
      } else {
        separate();
        append_scalar(field, one);
      }
      if (json_.size() > size_max_) return false;
    }
    if (json_.size() == empty) {
      json_.resize(before);  // a packed list without elements is no list
    } else {
      json_ += ']';
    }
    return true;
  }

  // https://protobuf.dev/programming-guides/encoding/#maps: each entry is a message of key and
  // value, both may be absent, and the last of a key counts.
  bool append_map(const Field& field, const Occurrences& occurrences, int depth) {
    const auto key = field.message->fields.find(1);
    const auto value = field.message->fields.find(2);
    if (key == field.message->fields.end() || value == field.message->fields.end()) return false;
    std::map<std::string, WireField> entries;
    for (const WireField& one : occurrences) {
      WireField key_field;
      WireField value_field;
      WireReader reader(one.bytes);
      while (const auto part = reader.next()) {
        if (part->number == 1) key_field = *part;
        if (part->number == 2) value_field = *part;
      }
      if (reader.is_broken()) return false;
      entries[key->second.type == Type::string ? std::string(key_field.bytes)
                                               : number_text(key->second, key_field.value)] =
          value_field;
    }
    append_name(field.name);
    json_ += '{';
    for (const auto& [name, entry] : entries) {
      if (!is_utf8(name)) return false;
      append_name(name);
      if (is_message(value->second)) {
        if (!append(entry.bytes, value->second.message, depth + 1)) return false;
      } else {
        append_scalar(value->second, entry);
      }
    }
    json_ += '}';
    return true;
  }

  bool append_unknown(std::uint32_t number, const Occurrences& occurrences, int depth) {
    append_name("#" + std::to_string(number));
    json_ += '[';
    bool first = true;
    for (const WireField& one : occurrences) {
      if (!first) json_ += ',';
      first = false;
      if (one.type == WireType::group) {
        if (!append(one.bytes, nullptr, depth + 1)) return false;
      } else if (one.type != WireType::bytes) {
        json_ += std::to_string(one.value);
      } else if (is_plain_text(one.bytes)) {
        append_json_string(one.bytes, json_);
      } else if (!is_wire_message(one.bytes) || !append_guess(one.bytes, depth)) {
        json_ += "{\"#bytes\":";
        append_json_string(base64_of(one.bytes), json_);
        json_ += '}';
      }
    }
    json_ += ']';
    return json_.size() <= size_max_;
  }

  bool append_guess(std::string_view bytes, int depth) {
    const std::size_t before = json_.size();
    if (append(bytes, nullptr, depth + 1)) return true;
    json_.resize(before);
    return false;
  }

  std::string& json_;
  const std::size_t size_max_;
  std::deque<std::string> kept_;
};

}  // namespace

bool append_proto(std::string_view bytes, const Message* message, std::string& json) {
  return ProtoWriter(json).append(bytes, message, 0);
}

void append_json_string(std::string_view utf8, std::string& json) {
  json += '"';
  for (const char c : utf8) {
    if (c == '"' || c == '\\') {
      json += '\\';
      json += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(json), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      json += c;
    }
  }
  json += '"';
}

std::string base64_of(std::string_view bytes) {
  constexpr std::string_view kLetters =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t n = 0; n < 3; ++n) {
      const bool there = i + n < bytes.size();
      group = group << 8U | (there ? static_cast<unsigned char>(bytes[i + n]) : 0U);
    }
    for (std::size_t n = 0; n < 4; ++n) {
      const bool there = i + n <= bytes.size();
      out += there ? kLetters[group >> (18U - 6U * static_cast<unsigned>(n)) & 63U] : '=';
    }
  }
  return out;
}

}  // namespace banyan::shadow
