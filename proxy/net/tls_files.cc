#include "proxy/net/tls_files.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "base/stable_hash.h"
#include "config/read_file.h"

namespace banyan::net {
namespace {

TlsFiles::Content read(const std::string& path) {
  std::error_code none;
  const auto kind = std::filesystem::status(path, none).type();
  // A pipe would be waited for.
  if (std::filesystem::exists(path, none) && kind != std::filesystem::file_type::regular) {
    return tl::unexpected<std::string>("is no regular file");
  }
  auto bytes = config::read_file(path, kTlsFileBytesMax);
  if (bytes && bytes->size() > kTlsFileBytesMax) {
    return tl::unexpected<std::string>("is larger than 1 MiB");
  }
  return bytes;
}

}  // namespace

const TlsFiles::Content& TlsFiles::content(const std::string& path) {
  const auto known = contents_.find(path);
  if (known != contents_.end()) return known->second;
  return contents_.emplace(path, read(path)).first->second;
}

std::string TlsFiles::fingerprint() const {
  std::string all;
  for (const auto& [path, content] : contents_) {
    const std::string& said = content ? *content : content.error();
    all += fmt::format("{}:{}:{}-{:08x}{:08x};", path, content ? "" : "!", said.size(),
                       murmur3_x86_32(said, 0), murmur3_x86_32(said, 0x9747b28cU));
  }
  return all;
}

}  // namespace banyan::net
