// config/decode_report.h: the keys under `report:`.
#pragma once

#include "config/block.h"
#include "config/draft.h"

namespace banyan::config {

void decode_report(const Cursor& cursor, Draft& draft);
void list_report_keys(const std::string& prefix, std::vector<std::string>& paths);

// Reads the file of `report.waivers`, where one is named; its faults are told with their places.
void load_waivers(Draft& draft, Problems& problems);

}  // namespace banyan::config
