#include "shadow/diff/proto_json.h"

#include <algorithm>
#include <deque>
#include <map>
#include <vector>

#include "shadow/diff/json_tape.h"
#include "shadow/diff/proto_scalar.h"
#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

using Field = ProtoSchema::Field;
using Message = ProtoSchema::Message;
using Type = ProtoSchema::Type;
using Occurrences = std::vector<WireField>;

bool is_message(const Field& field) {
  return field.type == Type::message || field.type == Type::group;
}
bool is_text_or_bytes(const Field& field) {
  return field.type == Type::string || field.type == Type::bytes;
}

// As an encoder would write it: other spellings of one number are other bytes where they are none.
bool looks_like_message(std::string_view bytes) {
  WireReader reader(bytes);
  while (reader.next()) {
  }
  return !reader.is_broken() && !reader.is_padded();
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
      json_ += number_text(field.type, value.value);
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
                                               : number_text(key->second.type, key_field.value)] =
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
        json_ += "{\"#group\":";
        if (!append(one.bytes, nullptr, depth + 1)) return false;
        json_ += '}';
      } else if (one.type == WireType::varint) {
        json_ += std::to_string(one.value);
      } else if (one.type != WireType::bytes) {
        json_ += one.type == WireType::fixed32 ? "{\"#fixed32\":" : "{\"#fixed64\":";
        json_ += std::to_string(one.value);
        json_ += '}';
      } else if (is_plain_text(one.bytes)) {
        append_json_string(one.bytes, json_);
      } else if (!looks_like_message(one.bytes) || !append_guess(one.bytes, depth)) {
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

}  // namespace banyan::shadow
