// shadow/diff/proto_schema.h: the messages of a FileDescriptorSet
// (google/protobuf/descriptor.proto), as `protoc --descriptor_set_out --include_imports` and `buf
// build` write it.
//
// Immutable once parsed, so that any thread may read it. Bounded by the size of the file, in which
// no full name is longer than 512 bytes.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::shadow {

inline constexpr std::size_t kDescriptorBytesMax = std::size_t{16} << 20;

class ProtoSchema {
 public:
  // FieldDescriptorProto.Type
  enum class Type : std::uint8_t {
    float64 = 1,
    float32 = 2,
    int64 = 3,
    uint64 = 4,
    int32 = 5,
    fixed64 = 6,
    fixed32 = 7,
    boolean = 8,
    string = 9,
    group = 10,
    message = 11,
    bytes = 12,
    uint32 = 13,
    enumeration = 14,
    sfixed32 = 15,
    sfixed64 = 16,
    sint32 = 17,
    sint64 = 18,
  };
  struct Message;
  using EnumNames = std::map<std::int32_t, std::string>;
  struct Field {
    std::string name;  // `[package.name]` of an extension
    Type type = Type::int32;
    bool repeated = false;
    bool has_presence = false;  // unset and set to the default are two things
    int oneof = -1;             // of those that are one field at most; -1: none
    std::string type_name;      // of a message or an enumeration
    const Message* message = nullptr;
    const EnumNames* names = nullptr;
  };
  struct Message {
    std::string name;
    std::map<std::uint32_t, Field> fields;
    bool is_map_entry = false;
  };

  // Nothing, and `error` for people, where `file` is no set of descriptors, or one of them names a
  // type that is not in the set.
  [[nodiscard]] static std::shared_ptr<const ProtoSchema> parse(std::string_view file,
                                                                std::string& error);

  // By full name, without a dot in front; nullptr where there is none.
  [[nodiscard]] const Message* message(std::string_view name) const;
  // What the method of a gRPC path answers with: `/shop.Orders/Get`.
  [[nodiscard]] const Message* answer_of(std::string_view path) const;
  [[nodiscard]] std::size_t size() const { return messages_.size(); }

 private:
  class Reader;
  std::map<std::string, Message, std::less<>> messages_;
  std::map<std::string, EnumNames, std::less<>> enums_;
  std::map<std::string, std::string, std::less<>> answers_;  // of `package.Service/Method`
};

}  // namespace banyan::shadow
