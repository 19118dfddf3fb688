// proxy/codec/http2_indexing.h: which fields are worth a place in the dynamic table of HPACK of one
// connection (RFC 7541 §2.3.2). Pure.
//
// A value that does not come again (a user's, a request's, a trace's id) pushes out one that does,
// and as long as it is there, each later field of its name is held against it. An upstream's
// connection carries those of everybody. So a few values of each name are remembered; a name that
// mostly brings new ones is sent without an entry, except where a value did come again.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/header_id.h"

namespace banyan::codec {

class FieldIndexing {
 public:
  static constexpr std::size_t kValues = 8;    // that are remembered of a name
  static constexpr std::uint8_t kNewMax = 8;   // in a row, until a name's new values get no entry
  static constexpr std::uint8_t kNewCap = 16;  // more of them do not count
  static constexpr std::uint8_t kPerOld = 2;  // new ones that are forgotten for one that came again

  // Asked once for each field that is sent. `name` is in lower case.
  [[nodiscard]] bool pays(HeaderId id, std::string_view name, std::string_view value);

 private:
  struct Name {
    std::uint32_t tag = 0;
    std::uint8_t next = 0;
    std::uint8_t recently_new = 0;
    std::array<std::uint16_t, kValues> values{};
  };

  // Each name has one place; another one that belongs there takes it.
  static constexpr std::size_t kNames = 32;
  std::array<Name, kNames> names_;
};

}  // namespace banyan::codec
