#include "shadow/waiver.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <charconv>
#include <tuple>

#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr auto kSnippetSpan = std::chrono::days(30);
// The clock counts nanoseconds, from 1677 to 2262.
constexpr std::chrono::sys_days kEarliestDay{std::chrono::year(1678) / 1 / 1};
constexpr std::chrono::sys_days kLatestDay{std::chrono::year(2261) / 12 / 31};

// The number at `text[at, at + size)`, all of it digits.
std::optional<int> digits(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  const char* const end = text.data() + at + size;
  for (const char* c = text.data() + at; c != end; ++c) {
    if (*c < '0' || *c > '9') return std::nullopt;
  }
  std::from_chars(text.data() + at, end, value);
  return value;
}

// `2026-12-31`
std::optional<std::chrono::sys_days> day_of(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits(text, 0, 4), month = digits(text, 5, 2), day = digits(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  // Who writes 9999 means no end, and 0026 a day that has long been.
  return std::clamp(std::chrono::sys_days(date), kEarliestDay, kLatestDay);
}

bool concerns(const std::string& wanted, std::string_view given) {
  return wanted.empty() || wanted == given;
}

// A scalar in double quotes (YAML 1.2.2 §7.3.1), of printable text.
std::string in_double_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string lines_to_reason(WallTime now) {
  const auto today = std::chrono::floor<std::chrono::days>(now);
  return fmt::format("  reason: \"accepted on {:%Y-%m-%d}: say why\"\n  until: {:%Y-%m-%d}\n",
                     fmt::gmtime(today), fmt::gmtime(today + kSnippetSpan));
}

}  // namespace

bool Waiver::covers(std::string_view of_migration, std::string_view of_endpoint,
                    const PlaceName& place) const {
  if (too_little_traffic || place.path == kOther || of_endpoint == kOther) return false;
  if (!concerns(migration, of_migration) || !concerns(endpoint, of_endpoint)) return false;
  if (kind && *kind != place.kind) return false;
  return path == place.path || (pattern && pattern->matches(place.path));
}

bool Waiver::excuses(std::string_view of_migration, std::string_view of_endpoint) const {
  return too_little_traffic && concerns(migration, of_migration) && endpoint == of_endpoint;
}

std::optional<WallTime> waiver_end(std::string_view text) {
  const auto day = day_of(text.substr(0, 10));
  if (!day) return std::nullopt;
  if (text.size() == 10) return WallTime(*day + std::chrono::days(1));
  const bool shaped =
      text.size() == 20 && text[10] == 'T' && text[13] == ':' && text[16] == ':' && text[19] == 'Z';
  if (!shaped) return std::nullopt;
  const auto hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
    return std::nullopt;
  }
  return WallTime(*day) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second);
}

bool set_path(Waiver& waiver, std::string_view path, std::string& problem) {
  constexpr std::string_view kLines = "body[*]";
  PathPattern pattern;
  PathPattern::ParseError error;
  if (PathPattern::parse(path, pattern, error)) {
    waiver.pattern = std::move(pattern);
  } else if (path != kLines) {
    problem = fmt::format("{} (at character {})", error.message, error.at + 1);
    return false;
  }
  waiver.path = path;
  return true;
}

void sort_waivers(std::vector<Waiver>& waivers) {
  const auto key = [](const Waiver& w) {
    return std::tie(w.migration, w.endpoint, w.path, w.kind, w.too_little_traffic, w.until,
                    w.reason, w.until_text);
  };
  std::sort(waivers.begin(), waivers.end(),
            [&](const Waiver& a, const Waiver& b) { return key(a) < key(b); });
  const auto same = [&](const Waiver& a, const Waiver& b) { return key(a) == key(b); };
  waivers.erase(std::unique(waivers.begin(), waivers.end(), same), waivers.end());
}

std::string waiver_snippet(std::string_view endpoint, const PlaceName& place, WallTime now) {
  Waiver probe;
  std::string problem;
  const bool can_be_told = endpoint != kOther && printable(endpoint) == endpoint &&
                           printable(place.path) == place.path &&
                           set_path(probe, place.path, problem);
  if (!can_be_told) return {};
  return fmt::format("- path: {}\n  endpoint: {}\n  kind: {}\n", in_double_quotes(place.path),
                     in_double_quotes(endpoint), to_string(place.kind)) +
         lines_to_reason(now);
}

std::string waiver_snippet_for_traffic(std::string_view endpoint, WallTime now) {
  if (endpoint == kOther || printable(endpoint) != endpoint) return {};
  return fmt::format("- endpoint: {}\n  kind: {}\n", in_double_quotes(endpoint),
                     kTooLittleTraffic) +
         lines_to_reason(now);
}

}  // namespace banyan::shadow
