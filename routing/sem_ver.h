// routing/sem_ver.h: versions as Semantic Versioning 2.0.0 orders them. Pure.
//
//   version := ["v"] number ["." number ["." number [pre-release] [build]]]
//
// A number without its minor or patch part stands for 0 there; the build does not count (§10).
#pragma once

#include <optional>
#include <string_view>

namespace banyan::routing {

enum class SemVerTest : unsigned char {
  equal,
  not_equal,
  less,
  less_or_equal,
  greater,
  greater_or_equal,
  same_major,  // ^
  same_minor,  // ~
};
[[nodiscard]] std::optional<SemVerTest> sem_ver_test(std::string_view sign);
[[nodiscard]] bool is_sem_ver(std::string_view text);
// Nothing where one of them is no version.
[[nodiscard]] std::optional<bool> compare_sem_ver(std::string_view a, SemVerTest test,
                                                  std::string_view b);

}  // namespace banyan::routing
