#include "shadow/diff/proto_schema_reader.h"

#include <algorithm>
#include <utility>

#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

// Field numbers of descriptor.proto.
namespace set {
constexpr std::uint32_t kFile = 1;
}
namespace file {
constexpr std::uint32_t kPackage = 2, kMessage = 4, kEnum = 5, kService = 6, kExtension = 7,
                        kSyntax = 12;
}
namespace descriptor {
constexpr std::uint32_t kName = 1, kField = 2, kNested = 3, kEnum = 4, kExtension = 6, kOptions = 7;
constexpr std::uint32_t kMapEntry = 7;  // of its options
}  // namespace descriptor
namespace field {
constexpr std::uint32_t kName = 1, kExtendee = 2, kNumber = 3, kLabel = 4, kType = 5, kTypeName = 6,
                        kOneof = 9, kProto3Optional = 17;
constexpr std::uint64_t kRepeated = 3;  // a label
}  // namespace field
namespace enumeration {
constexpr std::uint32_t kName = 1, kValue = 2;
constexpr std::uint32_t kValueName = 1, kValueNumber = 2;
}  // namespace enumeration
namespace service {
constexpr std::uint32_t kName = 1, kMethod = 2;
constexpr std::uint32_t kMethodName = 1, kMethodOutput = 3;
}  // namespace service

constexpr int kNestedMax = 32;
// Of full names, which are kept for every message and searched label by label.
constexpr std::size_t kNameBytesMax = 512;
constexpr std::ptrdiff_t kLabelsMax = 48;
constexpr std::uint64_t kTypeMax = 18;

bool is_named(const ProtoSchema::Field& field) {
  using Type = ProtoSchema::Type;
  return field.type == Type::message || field.type == Type::group ||
         field.type == Type::enumeration;
}

std::string below(const std::string& scope, std::string_view name) {
  return scope.empty() ? std::string(name) : scope + "." + std::string(name);
}

// The last field of that number, if it holds bytes.
std::string_view text_of(std::string_view message, std::uint32_t number) {
  std::string_view text;
  WireReader reader(message);
  while (const auto f = reader.next()) {
    if (f->number == number && f->type == WireType::bytes) text = f->bytes;
  }
  return text;
}

}  // namespace

bool ProtoSchema::Reader::read(std::string_view bytes) {
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    if (f->number != set::kFile || f->type != WireType::bytes)
      return fail("is no FileDescriptorSet");
    if (!read_file(f->bytes)) return false;
  }
  if (reader.is_broken() || out_.messages_.empty()) return fail("is no FileDescriptorSet");
  return add_extensions() && link();
}

bool ProtoSchema::Reader::fail(std::string message) {
  if (error_.empty()) error_ = std::move(message);
  return false;
}

bool ProtoSchema::Reader::well_formed(std::string_view bytes) {
  return is_wire_message(bytes) || fail("is no FileDescriptorSet");
}

bool ProtoSchema::Reader::is_short(std::string_view name) {
  const bool is_short =
      name.size() <= kNameBytesMax && std::count(name.begin(), name.end(), '.') < kLabelsMax;
  return is_short || fail("has a name that is too long: " + std::string(name.substr(0, 64)) + "…");
}

bool ProtoSchema::Reader::read_file(std::string_view bytes) {
  if (!well_formed(bytes)) return false;
  const std::string package(text_of(bytes, file::kPackage));
  if (!is_short(package)) return false;
  const std::string_view syntax = text_of(bytes, file::kSyntax);
  implicit_ = syntax == "proto3";
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    if (f->type != WireType::bytes) continue;
    if (f->number == file::kMessage && !read_message(f->bytes, package, 0)) return false;
    if (f->number == file::kEnum && !read_enum(f->bytes, package)) return false;
    if (f->number == file::kService && !read_service(f->bytes, package)) return false;
    if (f->number == file::kExtension && !read_extension(f->bytes, package)) return false;
  }
  return true;
}

bool ProtoSchema::Reader::read_message(std::string_view bytes, const std::string& scope,
                                       int depth) {
  if (depth > kNestedMax) return fail("nests messages too deeply");
  if (!well_formed(bytes)) return false;
  const std::string name = below(scope, text_of(bytes, descriptor::kName));
  if (!is_short(name)) return false;
  Message message;
  message.name = name;
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    if (f->type != WireType::bytes) continue;
    std::uint32_t number = 0;
    Field made;
    switch (f->number) {
      case descriptor::kField:
        if (!read_field(f->bytes, number, made)) return false;
        message.fields[number] = std::move(made);
        break;
      case descriptor::kNested:
        if (!read_message(f->bytes, name, depth + 1)) return false;
        break;
      case descriptor::kEnum:
        if (!read_enum(f->bytes, name)) return false;
        break;
      case descriptor::kExtension:
        if (!read_extension(f->bytes, name)) return false;
        break;
      case descriptor::kOptions:
        message.is_map_entry = is_map_entry(f->bytes);
        break;
      default:
        break;
    }
  }
  out_.messages_[name] = std::move(message);
  return true;
}

bool ProtoSchema::Reader::is_map_entry(std::string_view options) {
  WireReader reader(options);
  bool found = false;
  while (const auto f = reader.next()) {
    if (f->number == descriptor::kMapEntry) found = f->value != 0;
  }
  return found;
}

bool ProtoSchema::Reader::read_field(std::string_view bytes, std::uint32_t& number, Field& out) {
  if (!well_formed(bytes)) return false;
  bool optional = false;
  std::uint64_t type = 0;
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    switch (f->number) {
      case field::kName:
        out.name = f->bytes;
        break;
      case field::kNumber:
        number = static_cast<std::uint32_t>(f->value);
        break;
      case field::kLabel:
        out.repeated = f->value == field::kRepeated;
        break;
      case field::kType:
        type = f->value;
        break;
      case field::kTypeName:
        out.type_name = f->bytes;
        break;
      case field::kOneof:
        out.oneof = static_cast<int>(f->value & 0xffffU);
        break;
      case field::kProto3Optional:
        optional = f->value != 0;
        break;
      default:
        break;
    }
  }
  if (!is_short(out.name) || !is_short(out.type_name)) return false;
  if (type == 0 || type > kTypeMax) return fail("has a field without a type: " + out.name);
  out.type = static_cast<Type>(type);
  const bool is_message = out.type == Type::message || out.type == Type::group;
  out.has_presence = !out.repeated && (!implicit_ || is_message || optional || out.oneof >= 0);
  if (optional) out.oneof = -1;
  return true;
}

bool ProtoSchema::Reader::read_extension(std::string_view bytes, const std::string& scope) {
  Extension extension{scope, std::string(text_of(bytes, field::kExtendee)), 0, {}};
  if (!is_short(extension.message)) return false;
  if (!read_field(bytes, extension.number, extension.field)) return false;
  extension.field.name = "[" + below(scope, extension.field.name) + "]";
  extensions_.push_back(std::move(extension));
  return true;
}

bool ProtoSchema::Reader::read_enum(std::string_view bytes, const std::string& scope) {
  if (!well_formed(bytes)) return false;
  EnumNames names;
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    if (f->number != enumeration::kValue || f->type != WireType::bytes) continue;
    std::int32_t number = 0;
    WireReader value(f->bytes);
    while (const auto v = value.next()) {
      if (v->number == enumeration::kValueNumber) number = static_cast<std::int32_t>(v->value);
    }
    names.emplace(number, text_of(f->bytes, enumeration::kValueName));
  }
  std::string name = below(scope, text_of(bytes, enumeration::kName));
  if (!is_short(name)) return false;
  out_.enums_[std::move(name)] = std::move(names);
  return true;
}

bool ProtoSchema::Reader::read_service(std::string_view bytes, const std::string& scope) {
  if (!well_formed(bytes)) return false;
  const std::string name = below(scope, text_of(bytes, service::kName));
  WireReader reader(bytes);
  while (const auto f = reader.next()) {
    if (f->number != service::kMethod || f->type != WireType::bytes) continue;
    const std::string_view method = text_of(f->bytes, service::kMethodName);
    const std::string_view answer = text_of(f->bytes, service::kMethodOutput);
    if (!is_short(name) || !is_short(method) || !is_short(answer)) return false;
    out_.answers_[name + "/" + std::string(method)] = answer;
  }
  return true;
}

bool ProtoSchema::Reader::add_extensions() {
  for (Extension& extension : extensions_) {
    const std::string name = resolved(extension.scope, extension.message);
    const auto at = out_.messages_.find(name);
    if (at == out_.messages_.end()) return fail("does not have " + name);
    std::string& type = extension.field.type_name;
    if (is_named(extension.field)) type = "." + resolved(extension.scope, type);
    at->second.fields[extension.number] = std::move(extension.field);
  }
  return true;
}

// descriptor.proto, `type_name`: full with a dot in front, as protoc writes it; else it is looked
// for in the innermost scope first, as in C++.
std::string ProtoSchema::Reader::resolved(std::string_view scope, std::string_view name) const {
  if (name.starts_with('.')) return std::string(name.substr(1));
  while (!scope.empty()) {
    std::string candidate = below(std::string(scope), name);
    if (out_.messages_.contains(candidate) || out_.enums_.contains(candidate)) return candidate;
    const std::size_t dot = scope.rfind('.');
    scope = scope.substr(0, dot == std::string_view::npos ? 0 : dot);
  }
  return std::string(name);
}

bool ProtoSchema::Reader::link() {
  for (auto& [method, answer] : out_.answers_) {
    answer = resolved(std::string_view(method).substr(0, method.find('/')), answer);
  }
  for (auto& [name, message] : out_.messages_) {
    for (auto& [number, f] : message.fields) {
      if (is_named(f)) f.type_name = resolved(name, f.type_name);
      if (f.type == Type::message || f.type == Type::group) {
        f.message = out_.message(f.type_name);
        if (f.message == nullptr) return fail(missing(name, f));
      } else if (f.type == Type::enumeration) {
        const auto at = out_.enums_.find(f.type_name);
        if (at == out_.enums_.end()) return fail(missing(name, f));
        f.names = &at->second;
      }
    }
  }
  return true;
}

std::string ProtoSchema::Reader::missing(const std::string& message, const Field& f) {
  return "does not have " + f.type_name + ", which " + message + "." + f.name + " is";
}

}  // namespace banyan::shadow
