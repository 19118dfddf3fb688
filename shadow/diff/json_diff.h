// shadow/diff/json_diff.h: two JSON documents, compared by structure.
//
//   null, boolean, string   by value, after unescaping
//   number                  by exact decimal value
//   array                   aligned (shadow/diff/alignment.h), each pair compared, each element
//                           without one told; the same elements in another order are an `order`;
//                           by the value of a member where `keyed`, in any order where `unordered`
//   object                  by name, in any order; a name that stands there several times is that
//                           many members, first with first, and what is left over is told
//
// Where both sides have a place and its indexes differ, its path is that of the side with the
// smaller index. Equal documents with members in the same order cost one walk over both tapes:
// nothing is allocated, no path is built.
#pragma once

#include "shadow/diff/findings.h"
#include "shadow/diff/json_tape.h"

namespace banyan::shadow {

void compare_json(const JsonTape& left, const JsonTape& right, Findings& findings);

}  // namespace banyan::shadow
