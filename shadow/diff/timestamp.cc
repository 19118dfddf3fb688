#include "shadow/diff/timestamp.h"

#include <algorithm>
#include <charconv>

namespace banyan::shadow {
namespace {

constexpr std::size_t kMicrosecondDigits = 6;

// What is left of the text; every taker says whether it took something.
struct Reader {
  std::string_view rest;

  bool take(std::string_view any_of) {
    if (rest.empty() || any_of.find(rest.front()) == std::string_view::npos) return false;
    rest.remove_prefix(1);
    return true;
  }
  bool take_number(std::size_t digits, int low, int high, int& out) {
    if (rest.size() < digits) return false;
    const char* const end = rest.data() + digits;
    const auto [at, error] = std::from_chars(rest.data(), end, out);
    if (error != std::errc() || at != end || rest.front() == '-') return false;
    rest.remove_prefix(digits);
    return out >= low && out <= high;
  }
};

bool take_fraction(Reader& reader, std::chrono::microseconds& out) {
  if (!reader.take(".,")) return true;
  const std::size_t size =
      std::min(reader.rest.find_first_not_of("0123456789"), reader.rest.size());
  if (size == 0) return false;
  std::int64_t value = 0;
  for (std::size_t i = 0; i < kMicrosecondDigits; ++i) {
    value = value * 10 + (i < size ? reader.rest[i] - '0' : 0);
  }
  out = std::chrono::microseconds(value);
  reader.rest.remove_prefix(size);
  return true;
}

bool take_offset(Reader& reader, std::chrono::minutes& out) {
  if (reader.take("zZ")) return true;
  const bool negative = reader.rest.starts_with('-');
  int hours = 0;
  int minutes = 0;
  if (!reader.take("+-") || !reader.take_number(2, 0, 23, hours) || !reader.take(":") ||
      !reader.take_number(2, 0, 59, minutes)) {
    return false;
  }
  out = std::chrono::minutes((hours * 60 + minutes) * (negative ? -1 : 1));
  return true;
}

}  // namespace

std::optional<std::chrono::microseconds> timestamp_of(std::string_view text) {
  using std::chrono::year_month_day;
  Reader reader{text};
  int year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0;
  const bool date = reader.take_number(4, 0, 9999, year) && reader.take("-") &&
                    reader.take_number(2, 1, 12, month) && reader.take("-") &&
                    reader.take_number(2, 1, 31, day);
  const bool time = date && reader.take("tT ") && reader.take_number(2, 0, 23, hour) &&
                    reader.take(":") && reader.take_number(2, 0, 59, minute) && reader.take(":") &&
                    reader.take_number(2, 0, 60, second);
  std::chrono::microseconds fraction{0};
  std::chrono::minutes offset{0};
  if (!time || !take_fraction(reader, fraction) || !take_offset(reader, offset) ||
      !reader.rest.empty()) {
    return std::nullopt;
  }
  const year_month_day on{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                          std::chrono::day(static_cast<unsigned>(day))};
  if (!on.ok()) return std::nullopt;
  return std::chrono::sys_days(on).time_since_epoch() + std::chrono::hours(hour) +
         std::chrono::minutes(minute) + std::chrono::seconds(std::min(second, 59)) + fraction -
         offset;
}

}  // namespace banyan::shadow
