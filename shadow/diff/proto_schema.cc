#include "shadow/diff/proto_schema.h"

#include "shadow/diff/proto_schema_reader.h"

namespace banyan::shadow {

std::shared_ptr<const ProtoSchema> ProtoSchema::parse(std::string_view file, std::string& error) {
  if (file.size() > kDescriptorBytesMax) {
    error = "is too large";
    return nullptr;
  }
  auto schema = std::make_shared<ProtoSchema>();
  error.clear();
  if (!Reader(*schema, error).read(file)) return nullptr;
  return schema;
}

const ProtoSchema::Message* ProtoSchema::message(std::string_view name) const {
  const auto at = messages_.find(name);
  return at == messages_.end() ? nullptr : &at->second;
}

const ProtoSchema::Message* ProtoSchema::answer_of(std::string_view path) const {
  path = path.substr(0, path.find('?'));
  if (path.starts_with('/')) path.remove_prefix(1);
  const auto at = answers_.find(path);
  return at == answers_.end() ? nullptr : message(at->second);
}

}  // namespace banyan::shadow
