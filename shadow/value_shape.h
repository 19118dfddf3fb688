// shadow/value_shape.h: what is kept of a value where `store.values` is `shape`: its type, its
// length and a hash. Pure.
//
//   "3f2b…"  ->  string of 36 characters, hash 3fa9c21b0d4e5f60
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "shadow/diff/comparison.h"

namespace banyan::shadow {

// Of a text, with a key that nobody outside knows, so that values of which there are few can not be
// tried. Thread-safe. Empty: there is no key, and shapes have no hash.
using KeyedHash = std::function<std::uint64_t(std::string_view)>;

// A difference's left or right, which stands at `path` and has what `holds` says. Empty stays
// empty. A status, also that of gRPC, is told: it is no data.
[[nodiscard]] std::string value_shape(const KeyedHash& hash, std::string_view path, Holds holds,
                                      std::string_view value);

// `/orders/42?q=x`, counted as `GET /orders/{id}` -> `/orders/{id} (14 bytes, hash 3fa9…)`
[[nodiscard]] std::string target_shape(const KeyedHash& hash, std::string_view endpoint,
                                       std::string_view target);

}  // namespace banyan::shadow
