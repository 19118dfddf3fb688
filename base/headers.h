// base/headers.h: the header fields of one message.
//
// All fields lie in one buffer, line after line as HTTP/1.1 writes them ("name: value" and CRLF); a
// field is its place there and the id of its name. So a message with twenty fields is two
// allocations, and none once the object is reused; fields that go on unchanged are copied as one
// run; and writing a head is one copy. Order and spelling are kept. A Headers is a value: a copy
// stands on its own.
#pragma once

#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/header_id.h"
#include "base/list_member.h"
#include "base/text_buffer.h"

namespace banyan {

struct Header {
  std::string_view name;
  std::string_view value;
  HeaderId id;
};

class Headers {
 public:
  class Iterator;

  Headers() = default;
  Headers(const Headers&) = default;
  Headers(Headers&& other) noexcept
      : bytes_(std::move(other.bytes_)),
        fields_(std::move(other.fields_)),
        ids_(std::exchange(other.ids_, {})),
        repeated_(std::exchange(other.repeated_, {})) {
    other.fields_.clear();
  }
  Headers& operator=(const Headers&) = default;
  Headers& operator=(Headers&& other) noexcept {
    swap(other);
    return *this;
  }
  ~Headers() = default;

  // Copies both into the buffer; neither may point into this object. A size of 4 GiB and more is
  // the caller's to refuse. What would not be one line on the wire (a name that is empty or not a
  // name, CR, LF or NUL in either) is not taken: no field can split a message.
  void add(std::string_view name, std::string_view value);
  // The same for a name that is known, in lower case.
  void add(HeaderId id, std::string_view value);
  // The same where `value` is known to be one line: a codec let it pass, or it is our own.
  void add_line(HeaderId id, std::string_view value);
  // And where the name need not be a known one: it is a valid name, and `id` is its id.
  void add_line(std::string_view name, HeaderId id, std::string_view value);
  void add(const Header& header) { add(header.name, header.value); }
  // Whole lines as a parser found them, into an empty object: each is a valid name, ": ", a value
  // and CRLF. Each is then told, in order, and not looked at again.
  void adopt_lines(std::string_view lines) { bytes_.append(lines); }
  void tell_line(std::size_t at, std::size_t name_size, std::size_t value_size, HeaderId id) {
    push(at, name_size, value_size, id);
  }
  // The fields of another message for which `keep(const Header&)` holds, in their order.
  template <class Keep>
  void add_from(const Headers& other, Keep keep);
  // The same for all but those with an id in `without`.
  void add_from(const Headers& other, HeaderIds without);
  // Leaves the fields for which `keep(const Header&)` holds.
  template <class Keep>
  void keep_only(Keep keep);
  // Leaves those that have no id in `ids`.
  void remove(HeaderIds ids);
  // Of the field that was added last: no table of HPACK may keep it, here or further on (RFC 7541
  // §6.2.3). It goes with the field wherever that is copied to.
  void never_index_last() { fields_.back().never_indexed = true; }
  [[nodiscard]] bool is_never_indexed(std::size_t i) const { return fields_[i].never_indexed; }
  // Keeps the memory.
  void clear();
  // Room for so much at once, where it is known that it will be needed.
  void reserve(std::size_t fields, std::size_t bytes) {
    fields_.reserve(fields);
    bytes_.reserve(bytes);
  }
  void swap(Headers& other) noexcept {
    bytes_.swap(other.bytes_);
    fields_.swap(other.fields_);
    std::swap(ids_, other.ids_);
    std::swap(repeated_, other.repeated_);
  }

  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] Header operator[](std::size_t i) const;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

  // All fields as HTTP/1.1 writes them, without the empty line at the end.
  [[nodiscard]] std::string_view lines() const { return bytes_.view(); }

  // The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(HeaderId id) const {
    const std::size_t at = has(id) ? first(id) : kNowhere;
    return at == kNowhere ? std::nullopt : std::optional((*this)[at].value);
  }
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] bool has(HeaderId id) const { return ids_.has(id); }
  [[nodiscard]] bool has_any(HeaderIds ids) const { return ids_.has_any(ids); }
  [[nodiscard]] std::size_t count(HeaderId id) const {
    if (!repeated_.has(id)) return has(id) ? 1 : 0;
    return count_all(id);
  }
  // Calls `take(std::string_view)` with the value of each field of that name.
  template <class Take>
  void for_each(HeaderId id, Take take) const;
  // Whether a comma-separated list field (Connection, TE…) names `token`, in any of its lines.
  [[nodiscard]] bool has_token(HeaderId id, std::string_view token) const {
    return has(id) && names_token(id, token);
  }

  // Memory held, for budgets.
  [[nodiscard]] std::size_t bytes() const {
    return bytes_.capacity() + fields_.capacity() * sizeof(Field);
  }
  // Gives back memory above `bytes_max`, so that one large head does not stay with a pooled object.
  void shrink(std::size_t bytes_max) {
    if (bytes() > bytes_max) release();
  }

 private:
  static constexpr std::uint32_t kColonSize = 2;      // ": "
  static constexpr std::uint32_t kLineMarksSize = 4;  // and CRLF

  struct Field {
    std::uint32_t at;  // of the line
    std::uint32_t name_size;
    std::uint32_t value_size;
    HeaderId id;
    bool never_indexed;
    [[nodiscard]] std::uint32_t end() const { return at + name_size + value_size + kLineMarksSize; }
  };

  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  void release();
  [[nodiscard]] std::size_t first(HeaderId id) const;
  [[nodiscard]] std::size_t count_all(HeaderId id) const;
  [[nodiscard]] bool names_token(HeaderId id, std::string_view token) const;
  void append(std::string_view name, std::string_view value, HeaderId id);
  void push(std::size_t at, std::size_t name_size, std::size_t value_size, HeaderId id) {
    fields_.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(name_size),
                       static_cast<std::uint32_t>(value_size), id, false});
    note(id);
  }
  void note(HeaderId id) {
    if (ids_.has(id)) repeated_.add(id);
    ids_.add(id);
  }
  // The fields of `other` from `first` to before `last`, which is not `first`.
  void add_run(const Headers& other, std::size_t first, std::size_t last);
  void copy_run(const Headers& other, std::size_t first, std::size_t last);  // without their ids
  // The fields from `first` to before `last` become those behind the first `kept`; returns how many
  // are kept then.
  std::size_t move_run(std::size_t first, std::size_t last, std::size_t kept);
  void cut_to(std::size_t kept);
  template <class IsKept>
  void keep_runs(IsKept is_kept);

  TextBuffer bytes_;
  std::vector<Field> fields_;
  HeaderIds ids_;       // of all fields: most questions are about what is not there
  HeaderIds repeated_;  // every id that is there more than once is in it
};

}  // namespace banyan

#include "base/headers_inline.h"
