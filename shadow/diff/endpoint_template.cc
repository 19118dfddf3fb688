#include "shadow/diff/endpoint_template.h"

#include <algorithm>
#include <utility>

namespace banyan::shadow {
namespace {

constexpr std::size_t kMethodMax = 16;

// The segment behind the '/' at the front of `path`, which is taken off.
std::string_view take_segment(std::string_view& path) {
  path.remove_prefix(1);
  const std::string_view segment = path.substr(0, path.find('/'));
  path.remove_prefix(segment.size());
  return segment;
}

bool is_literal(std::string_view text) {
  return std::none_of(text.begin(), text.end(), [](char c) {
    return (c >= 0 && c <= ' ') || std::string_view("{}?#").find(c) != std::string_view::npos;
  });
}

}  // namespace

bool EndpointTemplate::parse(std::string_view text, EndpointTemplate& made, std::string& error) {
  EndpointTemplate read;
  read.text_ = text;
  if (!text.starts_with('/')) {
    error = "must begin with /";
    return false;
  }
  if (text.size() > kBytesMax) {
    error = "is longer than " + std::to_string(kBytesMax) + " bytes";
    return false;
  }
  while (!text.empty()) {
    std::string_view segment = take_segment(text);
    const bool is_name = segment.size() > 2 && segment.starts_with('{') && segment.ends_with('}');
    if (!is_literal(is_name ? segment.substr(1, segment.size() - 2) : segment)) {
      error = "between two / stands either a text or a {name}, without white space, ? and #";
      return false;
    }
    read.segments_.push_back({std::string(segment), is_name});
  }
  if (read.segments_.size() > kSegmentsMax) {
    error = "has more than " + std::to_string(kSegmentsMax) + " segments";
    return false;
  }
  made = std::move(read);
  return true;
}

bool EndpointTemplate::covers(std::string_view path) const {
  for (const Segment& segment : segments_) {
    if (!path.starts_with('/')) return false;
    const std::string_view found = take_segment(path);
    if (segment.is_name ? found.empty() : found != segment.literal) return false;
  }
  return path.empty();
}

bool EndpointTemplate::is_same(const EndpointTemplate& other) const {
  return std::equal(segments_.begin(), segments_.end(), other.segments_.begin(),
                    other.segments_.end(), [](const Segment& a, const Segment& b) {
                      return a.is_name == b.is_name && (a.is_name || a.literal == b.literal);
                    });
}

bool EndpointTemplate::is_closer(const EndpointTemplate& other) const {
  return std::lexicographical_compare(
      segments_.begin(), segments_.end(), other.segments_.begin(), other.segments_.end(),
      [](const Segment& a, const Segment& b) { return !a.is_name && b.is_name; });
}

bool add_template(EndpointTemplates& templates, EndpointTemplate added) {
  const auto same = [&](const EndpointTemplate& t) { return t.is_same(added); };
  if (std::any_of(templates.begin(), templates.end(), same)) return false;
  const auto behind = [&](const EndpointTemplate& t) { return added.is_closer(t); };
  templates.insert(std::find_if(templates.begin(), templates.end(), behind), std::move(added));
  return true;
}

std::string templated_endpoint(const EndpointTemplates& templates, std::string_view method,
                               std::string_view target) {
  const std::string_view path = target.substr(0, target.find_first_of("?#"));
  const auto found = std::find_if(templates.begin(), templates.end(),
                                  [&](const EndpointTemplate& t) { return t.covers(path); });
  if (found == templates.end()) return {};
  return std::string(method.substr(0, kMethodMax)) + " " + found->text();
}

}  // namespace banyan::shadow
