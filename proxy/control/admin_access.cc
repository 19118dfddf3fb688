#include "proxy/control/admin_access.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "base/headers.h"

namespace banyan::control {
namespace {

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kBearer = "Bearer ";

bool is_blank(char c) { return kBlanks.find(c) != std::string_view::npos; }
bool is_visible(char c) { return c > ' ' && c < 0x7F; }

struct Word {
  std::string_view text;
  std::size_t column = 1;  // 1-based
};

std::vector<Word> words_of(std::string_view line) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < line.size();) {
    if (is_blank(line[at])) {
      ++at;
      continue;
    }
    std::size_t end = at;
    while (end < line.size() && !is_blank(line[end])) ++end;
    words.push_back({line.substr(at, end - at), at + 1});
    at = end;
  }
  return words;
}

std::optional<AdminRole> role_of(std::string_view word) {
  for (const AdminRole role : {AdminRole::read, AdminRole::operate, AdminRole::admin}) {
    if (word == to_string(role)) return role;
  }
  return std::nullopt;
}

bool fits(std::string_view text, std::size_t bytes_max) {
  return text.size() <= bytes_max && std::all_of(text.begin(), text.end(), is_visible);
}

// What is wrong with the words of a line, and at which of them; nothing where all is well.
std::optional<std::pair<std::size_t, std::string>> fault_of(const std::vector<Word>& words) {
  if (words.size() != 3) return {{words[0].column, "expected NAME ROLE TOKEN"}};
  if (!fits(words[0].text, kTokenNameBytesMax)) {
    return {{words[0].column, "a name is 1 to 63 printable ASCII characters"}};
  }
  if (!role_of(words[1].text)) {
    return {{words[1].column, "a role is read, operate or admin"}};
  }
  if (!fits(words[2].text, kTokenBytesMax)) {
    return {{words[2].column, "a token is 1 to 512 printable ASCII characters"}};
  }
  return std::nullopt;
}

}  // namespace

std::string_view to_string(AdminRole role) {
  switch (role) {
    case AdminRole::none:
      return "none";
    case AdminRole::read:
      return "read";
    case AdminRole::operate:
      return "operate";
    case AdminRole::admin:
      return "admin";
  }
  return "none";
}

Result<Tokens, std::vector<std::string>> Tokens::parse(std::string_view file,
                                                       std::string_view text) {
  Tokens tokens;
  std::vector<std::string> problems;
  std::size_t number = 0;
  const auto refuse = [&](std::size_t column, std::string_view why) {
    problems.push_back(fmt::format("{}:{}:{}: error: {}", file, number, column, why));
  };
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    ++number;
    const std::vector<Word> words = words_of(line);
    if (words.empty() || words[0].text.starts_with('#')) continue;
    if (const auto fault = fault_of(words)) {
      refuse(fault->first, fault->second);
    } else if (tokens.find(words[2].text) != nullptr) {
      refuse(words[2].column, "this token stands in an earlier line, too");
    } else {
      tokens.entries_.push_back(
          {{std::string(words[0].text), *role_of(words[1].text)}, std::string(words[2].text)});
    }
    if (tokens.size() > kTokensMax) {
      refuse(1, fmt::format("more than {} tokens", kTokensMax));
      break;
    }
  }
  if (problems.empty() && tokens.entries_.empty()) {
    problems.push_back(fmt::format("{}: error: no token: nobody could use the admin API", file));
  }
  if (!problems.empty()) return tl::unexpected(std::move(problems));
  return tokens;
}

Result<Tokens, std::vector<std::string>> Tokens::load(const std::string& file) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::string text(kTokenFileBytesMax + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.is_open() || stream.bad()) {
    const char* const why = std::strerror(errno == 0 ? EIO : errno);
    return tl::unexpected(std::vector{fmt::format("{}: error: {}", file, why)});
  }
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kTokenFileBytesMax) {
    return tl::unexpected(
        std::vector{fmt::format("{}: error: larger than {} bytes", file, kTokenFileBytesMax)});
  }
  return parse(file, text);
}

const Tokens::Holder* Tokens::find(std::string_view token) const {
  const Holder* found = nullptr;
  for (const Entry& entry : entries_) {
    if (equal_in_constant_time(entry.token, token)) found = &entry.holder;
  }
  return found;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  // volatile: a compiler may not end the loop at the first difference.
  volatile unsigned char differ = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    differ = static_cast<unsigned char>(differ | (a[i] ^ other));
  }
  return differ == 0;
}

std::optional<std::string_view> bearer_token(std::string_view authorization) {
  if (authorization.size() <= kBearer.size()) return std::nullopt;
  if (!equals_ignoring_case(authorization.substr(0, kBearer.size()), kBearer)) return std::nullopt;
  std::string_view token = authorization.substr(kBearer.size());
  while (token.starts_with(' ')) token.remove_prefix(1);
  return token;
}

}  // namespace banyan::control
