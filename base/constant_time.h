// base/constant_time.h: comparing with a secret.
#pragma once

#include <cstddef>
#include <string_view>

namespace banyan {

// How long it takes depends on the two sizes alone, never on where they begin to differ.
[[nodiscard]] inline bool equal_in_constant_time(std::string_view given, std::string_view secret) {
  unsigned difference = given.size() == secret.size() ? 0U : 1U;
  for (std::size_t i = 0; i < given.size(); ++i) {
    const char expected = secret.empty() ? '\0' : secret[i % secret.size()];
    difference |= static_cast<unsigned char>(given[i] ^ expected);
  }
  // Without it a compiler may end the loop at the first difference.
  asm volatile("" : "+r"(difference));
  return difference == 0;
}

}  // namespace banyan
