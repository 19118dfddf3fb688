#include "shadow/capture.h"

namespace banyan::shadow {

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::answered:
      return "answered";
    case Outcome::refused:
      return "refused";
    case Outcome::reset:
      return "reset";
    case Outcome::timed_out:
      return "timed_out";
    case Outcome::cut_off:
      return "cut_off";
    case Outcome::malformed:
      return "malformed";
    case Outcome::over_budget:
      return "over_budget";
    case Outcome::abandoned:
      return "abandoned";
    case Outcome::stale_connection:
      return "stale_connection";
  }
  return "unknown";
}

}  // namespace banyan::shadow
