// shadow/report_reader.h: a report that was saved as JSON, read back. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "shadow/difference_table.h"

namespace banyan::shadow {

// Keys that it does not know are left out; what it needs has to be there and of its type, and the
// version one that it knows. The error names the place, for people.
[[nodiscard]] Result<std::vector<MigrationReport>, std::string> read_report(std::string_view json);

}  // namespace banyan::shadow
