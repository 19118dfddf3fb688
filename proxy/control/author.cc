#include "proxy/control/author.h"

#include <array>
#include <charconv>

#include "proxy/observe/json_line.h"

namespace banyan::control {
namespace {

using nlohmann::json;

std::string text_of(const json& object, const char* key) {
  const auto at = object.find(key);
  if (at == object.end() || !at->is_string()) return {};
  return at->get<std::string>().substr(0, kAuthorTextMax);
}

constexpr int kYearMin = 1970;
constexpr int kYearMax = 2200;

std::optional<int> number(std::string_view text, std::size_t at, std::size_t digits) {
  int value = 0;
  const char* const begin = text.data() + at;
  const auto done = std::from_chars(begin, begin + digits, value);
  if (done.ec != std::errc{} || done.ptr != begin + digits || value < 0) return std::nullopt;
  return value;
}

}  // namespace

std::string to_text(WallTime at) {
  std::array<char, observe::kTimestampBytes> text{};
  observe::put_timestamp(text, at);
  return {text.data(), text.size()};
}

std::optional<WallTime> wall_time_of(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != observe::kTimestampBytes || text.back() != 'Z') return std::nullopt;
  std::array<int, 7> parts{};
  constexpr std::array<std::pair<std::size_t, std::size_t>, 7> kPlaces{
      {{0, 4}, {5, 2}, {8, 2}, {11, 2}, {14, 2}, {17, 2}, {20, 6}}};
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const auto part = number(text, kPlaces[i].first, kPlaces[i].second);
    if (!part) return std::nullopt;
    parts[i] = *part;
  }
  const year_month_day date{year(parts[0]), month(static_cast<unsigned>(parts[1])),
                            day(static_cast<unsigned>(parts[2]))};
  if (parts[0] < kYearMin || parts[0] > kYearMax) return std::nullopt;
  if (!date.ok() || parts[3] > 23 || parts[4] > 59 || parts[5] > 60) return std::nullopt;
  return sys_days(date) + hours(parts[3]) + minutes(parts[4]) + seconds(parts[5]) +
         microseconds(parts[6]);
}

json to_json(const Author& author) {
  return {{"who", author.who}, {"reason", author.reason}, {"at", to_text(author.at)}};
}

Author author_of(const json& object) {
  if (!object.is_object()) return {};
  Author author{text_of(object, "who"), text_of(object, "reason"), {}};
  author.at = wall_time_of(text_of(object, "at")).value_or(WallTime{});
  return author;
}

}  // namespace banyan::control
