#include "config/scalar.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <optional>

#include "config/problems.h"
#include "routing/request_path.h"

namespace banyan::config {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array kTimeUnits{Unit{"ms", 1}, Unit{"s", 1'000}, Unit{"m", 60'000},
                                Unit{"h", 3'600'000}, Unit{"d", 86'400'000}};
constexpr std::array kSizeUnits{Unit{"B", 1}, Unit{"KiB", 1ULL << 10}, Unit{"MiB", 1ULL << 20},
                                Unit{"GiB", 1ULL << 30}, Unit{"TiB", 1ULL << 40}};
// Also of milliseconds, which are signed.
constexpr auto kLargest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

auto bad(std::string message) { return tl::unexpected<std::string>(std::move(message)); }

std::string_view take_digits(std::string_view& rest) {
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_digit);
  const std::string_view digits = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  rest.remove_prefix(digits.size());
  return digits;
}

// `digits` is not empty and has only digits.
std::uint64_t number(std::string_view digits) {
  std::uint64_t value = 0;
  const auto result = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return result.ec == std::errc() ? std::min(value, kLargest) : kLargest;
}

// Nothing where it is not digits followed by one of the units.
template <std::size_t kCount>
std::optional<std::uint64_t> read_with_unit(std::string_view text,
                                            const std::array<Unit, kCount>& units) {
  const std::string_view digits = take_digits(text);
  if (digits.empty()) return std::nullopt;
  for (const Unit& unit : units) {
    if (text != unit.name) continue;
    const std::uint64_t value = number(digits);
    return value > kLargest / unit.factor ? kLargest : value * unit.factor;
  }
  return std::nullopt;
}

template <std::size_t kCount>
std::string with_unit(std::uint64_t value, const std::array<Unit, kCount>& units) {
  auto unit = std::find_if(units.rbegin(), units.rend(), [value](const Unit& u) {
    return value >= u.factor && value % u.factor == 0;
  });
  if (unit == units.rend()) --unit;
  return fmt::format("{}{}", value / unit->factor, unit->name);
}

constexpr bool is_name_character(char c) {
  return is_lower(c) || is_digit(c) || c == '.' || c == '_' || c == '-';
}

}  // namespace

Read<std::uint64_t> read_count(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) {
    return bad("expected a whole number");
  }
  return number(text);
}

Read<Milliseconds> read_duration(std::string_view text) {
  const auto value = read_with_unit(text, kTimeUnits);
  if (!value) return bad("expected a duration such as 250ms, 5s, 2m, 1h or 14d");
  return Milliseconds(static_cast<std::int64_t>(*value));
}

Read<std::uint64_t> read_size(std::string_view text) {
  const auto value = read_with_unit(text, kSizeUnits);
  if (!value) return bad("expected a size such as 512B, 64KiB, 8MiB or 1GiB");
  return *value;
}

Read<routing::Share> read_percent(std::string_view text) {
  constexpr std::size_t kDecimalsMax = 3;
  const std::string_view whole = take_digits(text);
  std::string_view decimals;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    decimals = take_digits(text);
    if (decimals.empty()) text = "?";
  }
  if (whole.empty() || !text.empty()) return bad("expected a percentage from 0 to 100");
  if (decimals.size() > kDecimalsMax) return bad("a percentage has at most three decimals");
  const std::string padded =
      std::string(decimals) + std::string(kDecimalsMax - decimals.size(), '0');
  const std::uint64_t percent = number(whole);
  const std::uint64_t thousandths = percent > 100 ? kLargest : percent * 1000 + number(padded);
  if (thousandths > routing::kBuckets) return bad("a percentage must be from 0 to 100");
  return routing::Share{static_cast<std::uint32_t>(thousandths)};
}

Read<double> read_rate(std::string_view text) {
  constexpr std::uint64_t kPerSecondMax = 1'000;
  const std::string_view digits = take_digits(text);
  const double seconds = text == "/s" ? 1 : text == "/m" ? 60 : text == "/h" ? 3'600 : 0;
  if (digits.empty() || seconds == 0) return bad("expected a rate such as 5/s, 30/m or 100/h");
  const double rate = static_cast<double>(number(digits)) / seconds;
  if (rate > kPerSecondMax) return bad(fmt::format("must be at most {}/s", kPerSecondMax));
  return rate;
}

Read<std::string> read_name(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kNameBytesMax &&
                    (is_lower(text[0]) || is_digit(text[0])) &&
                    std::all_of(text.begin(), text.end(), is_name_character);
  if (fits) return std::string(text);
  return bad(fmt::format("not a name: 1 to {} of a-z 0-9 . _ -, the first a letter or a digit",
                         kNameBytesMax));
}

Read<std::string> read_file_path(std::string_view text) {
  const bool fits =
      !text.empty() && text.size() <= kFilePathBytesMax &&
      std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
  if (fits) return std::string(text);
  return bad(
      fmt::format("not a path: 1 to {} bytes without control characters", kFilePathBytesMax));
}

Read<std::string> read_unix_path(std::string_view text) {
  const bool fits =
      text.starts_with(kUnixScheme) && text.size() > kUnixScheme.size() &&
      text.size() <= kUnixScheme.size() + kUnixPathBytesMax &&
      std::none_of(text.begin(), text.end(), [](char c) { return c >= 0 && c < ' '; });
  if (fits) return std::string(text.substr(kUnixScheme.size()));
  return bad(fmt::format("behind unix: stands a path of 1 to {} bytes without control characters",
                         kUnixPathBytesMax));
}

Read<std::string> read_label(std::string_view text) {
  const bool fits =
      !text.empty() && text.size() <= kFlagBytesMax &&
      std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
  if (fits) return std::string(text);
  return bad(fmt::format("must be 1 to {} printable ASCII characters", kFlagBytesMax));
}

Read<std::string> read_token(std::string_view text) {
  const auto fits = [](char c) {
    return is_digit(c) || is_lower(lower(c)) ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  if (!text.empty() && text.size() <= kHostBytesMax &&
      std::all_of(text.begin(), text.end(), fits)) {
    return std::string(text);
  }
  return bad(
      fmt::format("must be 1 to {} letters, digits or any of !#$%&'*+-.^_`|~", kHostBytesMax));
}

Read<std::string> read_path_prefix(std::string_view text) {
  if (!text.starts_with('/')) return bad("a path begins with /");
  if (text.size() > kPathPrefixBytesMax) {
    return bad(fmt::format("a path has at most {} bytes", kPathPrefixBytesMax));
  }
  if (text.find('?') != std::string_view::npos) return bad("a path has no query");
  std::string scratch;
  const auto normalised = routing::normalised_path(text, scratch);
  if (!normalised) {
    return bad(fmt::format("no request path can look like this: {}", normalised.error().detail));
  }
  if (*normalised != text) {
    return bad(
        fmt::format("not in the form that paths are matched in: write {}", quoted(*normalised)));
  }
  if (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  if (text.size() > 1 && text.ends_with('/')) return bad("a path ends with at most one /");
  return std::string(text);
}

std::string size_text(std::uint64_t bytes) { return with_unit(bytes, kSizeUnits); }

std::string duration_text(Milliseconds duration) {
  return with_unit(static_cast<std::uint64_t>(duration.count()), kTimeUnits);
}

}  // namespace banyan::config
