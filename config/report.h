// config/report.h: what stands under `report`.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "shadow/waiver.h"

namespace banyan::config {

struct Report {
  std::vector<shadow::Waiver> waivers;  // of the file that is named
  std::string export_path;              // empty: none
  std::chrono::milliseconds export_every = std::chrono::hours(1);
};

}  // namespace banyan::config
