// shadow/report_order.h: what stands first in a report. Pure.
#pragma once

#include "shadow/difference_table.h"

namespace banyan::shadow {

// Endpoints with most mismatches first, of each the most frequent places first; the rest by name,
// so that the same counts give the same bytes.
void sort_by_weight(MigrationReport& report);

}  // namespace banyan::shadow
