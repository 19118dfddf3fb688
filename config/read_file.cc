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
constexpr std::size_t kFieldBytesMax = 4096;

bool is_visible(char c) { return c > ' ' && c <= '~'; }

// Text of a file that is one line; the first and the last character are visible.
Read<std::string> read_line_file(const std::string& path, std::size_t bytes_max,
                                 std::string_view of_what, bool (*may_hold)(char)) {
  // A pipe would be waited for.
  std::error_code none;
  const auto kind = std::filesystem::status(path, none).type();
  if (kind != std::filesystem::file_type::regular &&
      kind != std::filesystem::file_type::not_found) {
    return tl::unexpected<std::string>("is no regular file");
  }
  auto text = read_file(path, bytes_max + 1);
  if (!text) return text;
  if (text->ends_with('\n')) text->pop_back();
  const bool fits = !text->empty() && text->size() <= bytes_max && is_visible(text->front()) &&
                    is_visible(text->back()) && std::all_of(text->begin(), text->end(), may_hold);
  if (fits) return text;
  return tl::unexpected<std::string>(
      fmt::format("must hold one line of 1 to {} {}", bytes_max, of_what));
}

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
  return read_line_file(path, kSecretBytesMax, "visible ASCII characters", is_visible);
}

Read<std::string> read_field_file(const std::string& path) {
  return read_line_file(path, kFieldBytesMax, "visible ASCII characters, with spaces between them",
                        [](char c) { return c == ' ' || is_visible(c); });
}

}  // namespace banyan::config
