// shadow/diff/json_diff.h: two JSON documents, compared by structure.
//
//   null, boolean, string   by value, after unescaping
//   number                  by exact decimal value
//   array                   by position; another number of elements is a `length`
//   object                  by name, in any order; a name that stands there several times is that
//                           many members, first with first, and what is left over is told
//
// Equal documents with members in the same order cost one walk over both tapes: nothing is
// allocated, no path is built.
#pragma once

#include "shadow/diff/findings.h"
#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

void compare_json(const JsonTape& left, const JsonTape& right, Findings& findings);

}  // namespace banyan::shadow
