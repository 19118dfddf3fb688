#include "shadow/sample.h"

#include "shadow/difference_table.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kTargetShownMax = 512;

}  // namespace

Sample PairSamples::next(const Difference& found) {
  if (target_.empty()) target_ = target();
  return keeps_ == Keeps::shapes ? shapes_of(found) : values_of(found);
}

std::string PairSamples::target() const {
  std::string target = redacted_text(redaction_, pair_.target);
  if (keeps_ == Keeps::shapes) {
    return target_shape(hash_, redacted_name(redaction_, endpoint_name(pair_)), target);
  }
  cut(target, kTargetShownMax);
  return target;
}

Sample PairSamples::values_of(const Difference& found) const {
  return {pair_.at,
          pair_.method,
          target_,
          redacted_name(redaction_, found.path),
          redacted_value(redaction_, found.path, found.left),
          redacted_value(redaction_, found.path, found.right),
          pair_.skew};
}

// No value: the target is that of the endpoint, and the path is folded, since the names in it may
// be data.
Sample PairSamples::shapes_of(const Difference& found) const {
  const auto shape = [&](const std::string& value) {
    std::string shown = redacted_value(redaction_, found.path, value);
    if (shown == kRedacted) return shown;
    // Sizes hold nothing that has to be hidden.
    return value_shape(hash_, found.path, found.holds, found.holds == Holds::value ? shown : value);
  };
  return {pair_.at,          pair_.method,
          target_,           redacted_name(redaction_, folded_path(found.path)),
          shape(found.left), shape(found.right),
          pair_.skew};
}

}  // namespace banyan::shadow
