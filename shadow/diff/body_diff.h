// shadow/diff/body_diff.h: two bodies, compared by what they are.
//
//   both are gRPC, by Content-Type and by content?      message by message
//   content coding off, on both sides or not at all
//     -> both are JSON, by Content-Type and by content?  by structure
//     -> else                                            by bytes, at `body`
//
// JSON by Content-Type: application/json, text/json or a +json type on one side at least, or no
// type on either and a body that begins as an object or array. By content: both parse.
#pragma once

#include "shadow/capture.h"
#include "shadow/diff/findings.h"

namespace banyan::shadow {

void compare_bodies(const CapturedResponse& left, const CapturedResponse& right,
                    Findings& findings);

}  // namespace banyan::shadow
