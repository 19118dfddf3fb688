#include "shadow/sample.h"

#include "shadow/difference_table.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

constexpr std::size_t kTargetShownMax = 512;

}  // namespace

Sample sample_of(const Redaction& redaction, const CapturedPair& pair, const Difference& found) {
  Sample sample{pair.at,
                pair.method,
                redacted_text(redaction, pair.target),
                redacted_name(redaction, found.path),
                redacted_value(redaction, found.path, found.left),
                redacted_value(redaction, found.path, found.right),
                pair.skew};
  cut(sample.target, kTargetShownMax);
  return sample;
}

Sample shape_sample_of(const Redaction& redaction, const KeyedHash& hash, const CapturedPair& pair,
                       const Difference& found) {
  const auto shape = [&](const std::string& value) {
    std::string shown = redacted_value(redaction, found.path, value);
    if (shown == kRedacted) return shown;
    // Sizes hold nothing that has to be hidden.
    return value_shape(hash, found.path, found.holds, found.holds == Holds::value ? shown : value);
  };
  return {pair.at,
          pair.method,
          target_shape(hash, redacted_name(redaction, endpoint_name(pair)),
                       redacted_text(redaction, pair.target)),
          redacted_name(redaction, folded_path(found.path)),
          shape(found.left),
          shape(found.right),
          pair.skew};
}

}  // namespace banyan::shadow
