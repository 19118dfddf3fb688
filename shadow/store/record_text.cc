#include "shadow/store/record_text.h"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <optional>

#include "shadow/store/record_writer.h"

namespace banyan::shadow {
namespace {

// Calls `take` with each line.
template <class Take>
void each_line(std::string_view text, Take take) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    take(line);
  }
}

// The number at the front, and one space behind it.
template <class T>
std::optional<T> take_number(std::string_view& text) {
  T number{};
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc{}) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(read.ptr - text.data()));
  if (text.starts_with(' ')) text.remove_prefix(1);
  return number;
}

}  // namespace

std::string text_of(const ReadinessSettings& settings) {
  return fmt::format("{} {} {} {} {}", settings.max_mismatch_rate, settings.min_coverage,
                     settings.min_compared, settings.min_keys, to_string(settings.shadow));
}

ReadinessSettings settings_from(std::string_view text) {
  const auto rate = take_number<std::uint32_t>(text);
  const auto coverage = take_number<std::uint32_t>(text);
  const auto compared = take_number<std::uint64_t>(text);
  const auto keys = take_number<std::uint64_t>(text);
  if (!rate || *rate == 0 || !coverage || !compared || !keys) return {};
  return {*rate, *coverage, *compared, *keys,
          text == to_string(Arm::legacy) ? Arm::legacy : Arm::monolith};
}

std::string text_of(const PlaceSet& places) {
  std::string text;
  for (const PlaceName& place : places) {
    if (!text.empty()) text += '\n';
    text.append(to_string(place.kind)).append(" ").append(place.path);
  }
  return text;
}

PlaceSet places_from(std::string_view text) {
  PlaceSet places;
  bool is_whole = true;
  each_line(text, [&](std::string_view line) {
    const std::size_t space = line.find(' ');
    const auto kind = kind_of(line.substr(0, space));
    is_whole = is_whole && kind && space != std::string_view::npos;
    if (is_whole) places.push_back({std::string(line.substr(space + 1)), *kind});
  });
  return is_whole ? places : PlaceSet{};
}

std::string text_of(const Histogram& histogram) {
  std::string text;
  for (const Histogram::Bucket& bucket : histogram.buckets()) {
    fmt::format_to(std::back_inserter(text), "{} {}\n", bucket.index, bucket.count);
  }
  return text;
}

void add_from(std::string_view text, Histogram& histogram) {
  each_line(text, [&](std::string_view line) {
    const auto index = take_number<std::uint16_t>(line);
    const auto count = take_number<std::uint64_t>(line);
    if (index && count) histogram.add_to(*index, *count);
  });
}

}  // namespace banyan::shadow
