// proxy/control/admin_access.h: who may do what over the admin API. Pure.
//
// A token file has one line for each token, and comments:
//
//   line  := NAME blanks ROLE blanks TOKEN | "#" anything | nothing
//   NAME  := 1 to 63 printable characters, no blanks; stands in the audit log
//   ROLE  := "read" | "operate" | "admin"        each may do what the ones before it may
//   TOKEN := 1 to 512 printable characters, no blanks (RFC 6750 §2.1 b64token is such a text)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace banyan::control {

// What a call needs, in rising order. `none`: probes and metrics.
enum class AdminRole : std::uint8_t { none, read, operate, admin };
[[nodiscard]] std::string_view to_string(AdminRole role);

inline constexpr std::size_t kTokensMax = 1000;
inline constexpr std::size_t kTokenFileBytesMax = 1024 * 1024;
inline constexpr std::size_t kTokenBytesMax = 512;
inline constexpr std::size_t kTokenNameBytesMax = 63;

class Tokens {
 public:
  struct Holder {
    std::string name;
    AdminRole role = AdminRole::none;
  };

  // Every problem as `FILE:LINE:COL: error: …`; none of them repeats a token.
  [[nodiscard]] static Result<Tokens, std::vector<std::string>> parse(std::string_view file,
                                                                      std::string_view text);
  [[nodiscard]] static Result<Tokens, std::vector<std::string>> load(const std::string& file);

  // The one who holds it. Looks at every token, and compares in a time that does not tell how much
  // of a guess was right.
  [[nodiscard]] const Holder* find(std::string_view token) const;
  [[nodiscard]] std::size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    Holder holder;
    std::string token;
  };
  std::vector<Entry> entries_;
};

// The time depends on the sizes alone.
[[nodiscard]] bool equal_in_constant_time(std::string_view a, std::string_view b);
// The token of `Bearer TOKEN` (RFC 6750 §2.1; the scheme in any case).
[[nodiscard]] std::optional<std::string_view> bearer_token(std::string_view authorization);

}  // namespace banyan::control
