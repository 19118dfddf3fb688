// shadow/diff/proto_schema_reader.h: takes a ProtoSchema out of a FileDescriptorSet.
//
// The whole set is checked for being well-formed before anything is taken from it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "shadow/diff/proto_schema.h"

namespace banyan::shadow {

class ProtoSchema::Reader {
 public:
  // `error` is for people.
  Reader(ProtoSchema& out, std::string& error) : out_(out), error_(error) {}

  [[nodiscard]] bool read(std::string_view bytes);

 private:
  struct Extension {
    std::string scope;  // where it is declared
    std::string message;
    std::uint32_t number;
    Field field;
  };

  bool fail(std::string message);
  bool is_short(std::string_view name);
  [[nodiscard]] bool well_formed(std::string_view bytes);
  [[nodiscard]] bool read_file(std::string_view bytes);
  [[nodiscard]] bool read_message(std::string_view bytes, const std::string& scope, int depth);
  [[nodiscard]] static bool is_map_entry(std::string_view options);
  [[nodiscard]] bool read_field(std::string_view bytes, std::uint32_t& number, Field& out);
  [[nodiscard]] bool read_extension(std::string_view bytes, const std::string& scope);
  [[nodiscard]] bool read_enum(std::string_view bytes, const std::string& scope);
  [[nodiscard]] bool read_service(std::string_view bytes, const std::string& scope);
  [[nodiscard]] std::string resolved(std::string_view scope, std::string_view name) const;
  [[nodiscard]] bool add_extensions();
  [[nodiscard]] bool link();
  [[nodiscard]] static std::string missing(const std::string& message, const Field& f);

  ProtoSchema& out_;
  std::string& error_;
  std::vector<Extension> extensions_;
  bool implicit_ = false;  // proto3: scalars without presence
};

}  // namespace banyan::shadow
