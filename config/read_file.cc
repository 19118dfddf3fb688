#include "config/read_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

namespace banyan::config {
namespace {

constexpr std::size_t kSecretBytesMax = 256;

struct FileCloser {
  void operator()(std::FILE* file) const { std::fclose(file); }
};

}  // namespace

Read<std::string> read_file(const std::string& path, std::size_t bytes_max) {
  const std::unique_ptr<std::FILE, FileCloser> file(std::fopen(path.c_str(), "rbe"));
  std::string text(bytes_max + 1, '\0');
  if (file) text.resize(std::fread(text.data(), 1, text.size(), file.get()));
  if (!file || std::ferror(file.get()) != 0) {
    return tl::unexpected<std::string>(fmt::format("can not be read: {}", std::strerror(errno)));
  }
  return text;
}

Read<std::string> read_secret_file(const std::string& path) {
  // A pipe would be waited for.
  std::error_code none;
  const auto kind = std::filesystem::status(path, none).type();
  if (kind != std::filesystem::file_type::regular &&
      kind != std::filesystem::file_type::not_found) {
    return tl::unexpected<std::string>("is no regular file");
  }
  auto text = read_file(path, kSecretBytesMax + 1);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  const bool fits =
      !text->empty() && text->size() <= kSecretBytesMax &&
      std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c <= '~'; });
  if (fits) return text;
  return tl::unexpected<std::string>(
      fmt::format("must hold one line of 1 to {} visible ASCII characters", kSecretBytesMax));
}

}  // namespace banyan::config
