// cli/answer_file.h: an answer that was saved in a file. Pure.
#pragma once

#include <string>
#include <string_view>

#include "shadow/capture.h"

namespace banyan::cli {

struct SavedAnswer {
  shadow::CapturedResponse response;
  bool has_head = false;
};

// What `curl -i` writes (heads of 1xx answers and of redirects that were followed are left out),
// or a body alone. What only looks like a head is a body.
[[nodiscard]] SavedAnswer read_answer(std::string_view text);

}  // namespace banyan::cli
