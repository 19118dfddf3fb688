// shadow/diff/body_diff.h: two bodies, compared by what they are.
//
//   both are gRPC, by Content-Type and by content?            message by message
//   content codings off (content_coding.h)
//   by Content-Type of a side at least, and by content of both:
//     JSON, or no type and a begin as an object or array      by structure
//     NDJSON, JSON text sequence, several documents in JSON   by structure, as a list
//     form                                                    by name
//     multipart                                               by part
//     protobuf                                                field by field
//   else, where both are text of several lines                by line
//   else                                                      by bytes, at `body`
//
// A side that is not what it says has a problem with a name, and is compared by what comes next:
// content_coding.h's, `invalid_json`, `json_over_limit` (json_tape.h), `invalid_form`,
// `invalid_multipart`, `invalid_grpc`, `invalid_protobuf`, `invalid_utf8`.
//
// Where both sides are JSON over a limit, or decode to more than one, other bytes are no
// difference: they may well mean the same. One side alone over a limit is compared by bytes.
#pragma once

#include "shadow/capture.h"
#include "shadow/diff/body_kind.h"
#include "shadow/diff/findings.h"

namespace banyan::shadow {

// `target`: of the request, which names the method of a gRPC answer.
void compare_bodies(const CapturedResponse& left, const CapturedResponse& right, Findings& findings,
                    std::string_view target = {});
// A part of a body, which has no content coding and no parts itself.
void compare_part(const Content& left, const Content& right, Findings& findings);

// Whether the codings of both bodies can be taken off. Decodes them only where they differ.
[[nodiscard]] bool have_known_codings(const CapturedResponse& left, const CapturedResponse& right);
// The value of Content-Encoding, lines joined; empty where there is none.
[[nodiscard]] std::string codings_of(const CapturedResponse& response);

}  // namespace banyan::shadow
