// base/headers.h: the header fields of one message.
//
// All fields lie in one buffer, line after line as HTTP/1.1 writes them ("name: value" and CRLF); a
// field is its place there and the id of its name. So a message with twenty fields is two
// allocations, and none once the object is reused; fields that go on unchanged are copied as one
// run; and writing a head is one copy. Order and spelling are kept. A Headers is a value: a copy
// stands on its own.
#pragma once

#include <array>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace banyan {

// The names that some part of Banyan asks for.
enum class HeaderId : std::uint8_t {
  other,
  age,
  authorization,
  baggage,
  connection,
  content_encoding,
  content_length,
  content_type,
  cookie,
  date,
  etag,
  expect,
  forwarded,
  host,
  if_match,
  if_modified_since,
  if_none_match,
  if_unmodified_since,
  keep_alive,
  proxy_authenticate,
  proxy_authorization,
  proxy_connection,
  range,
  server,
  set_cookie,
  te,
  traceparent,
  trailer,
  transfer_encoding,
  upgrade,
  via,
  x_banyan_shadow,
  x_forwarded_for,
  x_forwarded_host,
  x_forwarded_proto,
  x_request_id,
};

// Case-insensitive. `other` for every name without an id.
[[nodiscard]] HeaderId header_id(std::string_view name);
// ASCII only, as RFC 9110 §5.1 asks of field names.
[[nodiscard]] constexpr char ascii_lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
}
[[nodiscard]] bool equals_ignoring_case(std::string_view a, std::string_view b);

struct Header {
  std::string_view name;
  std::string_view value;
  HeaderId id;
};

class Headers {
 public:
  class Iterator;

  // Copies both into the buffer; neither may point into this object. A size of 4 GiB and more is
  // the caller's to refuse. What would not be one line on the wire (a name that is empty or not a
  // name, CR, LF or NUL in either) is not taken: no field can split a message.
  void add(std::string_view name, std::string_view value);
  // The same for a name that is known, in lower case.
  void add(HeaderId id, std::string_view value);
  void add(const Header& header) { add(header.name, header.value); }
  // `line` is exactly a field as a parser found it: a valid name of `name_size`, ": ", the value,
  // CRLF. Not looked at again.
  void add_line(std::string_view line, std::size_t name_size);
  // The fields of another message for which `keep(const Header&)` holds, in their order.
  template <class Keep>
  void add_from(const Headers& other, Keep keep);
  // Keeps the memory.
  void clear();
  void reserve(std::size_t bytes, std::size_t fields);

  [[nodiscard]] std::size_t size() const { return fields_.size(); }
  [[nodiscard]] bool empty() const { return fields_.empty(); }
  [[nodiscard]] Header operator[](std::size_t i) const;
  [[nodiscard]] Iterator begin() const;
  [[nodiscard]] Iterator end() const;

  // All fields as HTTP/1.1 writes them, without the empty line at the end.
  [[nodiscard]] std::string_view lines() const { return bytes_; }

  // The value of the first field of that name.
  [[nodiscard]] std::optional<std::string_view> find(HeaderId id) const;
  [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const;
  [[nodiscard]] bool has(HeaderId id) const { return (ids_ >> static_cast<unsigned>(id) & 1) != 0; }
  [[nodiscard]] std::size_t count(HeaderId id) const;
  // Whether a comma-separated list field (Connection, TE…) names `token`, in any of its lines.
  [[nodiscard]] bool has_token(HeaderId id, std::string_view token) const;

  // Memory held, for budgets.
  [[nodiscard]] std::size_t bytes() const {
    return bytes_.capacity() + fields_.capacity() * sizeof(Field);
  }
  // Gives back memory above `bytes_max`, so that one large head does not stay with a pooled object.
  void shrink(std::size_t bytes_max);

 private:
  static constexpr std::uint32_t kColonSize = 2;      // ": "
  static constexpr std::uint32_t kLineMarksSize = 4;  // and CRLF

  struct Field {
    std::uint32_t at;  // of the line
    std::uint32_t name_size;
    std::uint32_t value_size;
    HeaderId id;
    [[nodiscard]] std::uint32_t end() const { return at + name_size + value_size + kLineMarksSize; }
  };

  void append(std::string_view name, std::string_view value, HeaderId id);
  void push(std::size_t at, std::size_t name_size, std::size_t value_size, HeaderId id);
  // The fields of `other` from `first` to before `last`, which is not `first`.
  void add_run(const Headers& other, std::size_t first, std::size_t last);

  std::string bytes_;
  std::vector<Field> fields_;
  // One bit for each id that is there: most questions are about what is not.
  std::uint64_t ids_ = 0;
};

inline Header Headers::operator[](std::size_t i) const {
  const Field& f = fields_[i];
  const char* const line = bytes_.data() + f.at;
  return {{line, f.name_size}, {line + f.name_size + kColonSize, f.value_size}, f.id};
}

class Headers::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Header;
  using difference_type = std::ptrdiff_t;
  using pointer = const Header*;
  using reference = Header;

  Iterator(const Headers& headers, std::size_t at) : headers_(&headers), at_(at) {}
  Header operator*() const { return (*headers_)[at_]; }
  Iterator& operator++() {
    ++at_;
    return *this;
  }
  bool operator==(const Iterator& o) const { return at_ == o.at_; }

 private:
  const Headers* headers_;
  std::size_t at_;
};

inline Headers::Iterator Headers::begin() const { return {*this, 0}; }
inline Headers::Iterator Headers::end() const { return {*this, fields_.size()}; }

template <class Keep>
void Headers::add_from(const Headers& other, Keep keep) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (keep(other[i])) continue;
    if (first < i) add_run(other, first, i);
    first = i + 1;
  }
  if (first < other.size()) add_run(other, first, other.size());
}

// Calls `take(std::string_view)` with each non-empty, trimmed member of a comma-separated list.
template <class F>
void for_each_list_member(std::string_view list, F take) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    std::string_view member = list.substr(0, comma);
    list = comma == std::string_view::npos ? std::string_view{} : list.substr(comma + 1);
    const std::size_t first = member.find_first_not_of(" \t");
    if (first == std::string_view::npos) continue;
    member = member.substr(first, member.find_last_not_of(" \t") - first + 1);
    take(member);
  }
}

}  // namespace banyan
