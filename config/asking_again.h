// config/asking_again.h: `compare.control` and `compare.reask` of a migration.
#pragma once

#include <cstdint>

namespace banyan::config {

struct AskingAgain {
  // Of the exchanges that have a shadow and are safe to repeat: legacy is asked once more.
  std::uint32_t control_millipercent = 500;
  // Both arms once more where their answers differ: at most so many a second, and at most this
  // share of the exchanges.
  double reasks_per_second = 5;
  std::uint32_t reask_millipercent = 1'000;
};

}  // namespace banyan::config
