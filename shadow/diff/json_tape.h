// shadow/diff/json_tape.h: one JSON document, laid out flat for walking.
//
// Every value is an entry, in the order of the text; a member is its name (a string entry) and then
// its value. Strings are unescaped, numbers stay as they were written. The whole document is
// validated (RFC 8259, UTF-8 included).
//
//   {"a": [1, 2]}  ->  object(1) "a" array(2) 1 2
//
// A tape is reused from document to document and keeps its memory; one thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

namespace banyan::shadow {

enum class JsonType : std::uint8_t { null, boolean, number, string, array, object };

struct JsonEntry {
  std::string_view text;    // string: unescaped; number and boolean: as written; lives in the tape
  std::uint32_t count = 0;  // elements of an array, members of an object
  std::uint32_t next = 0;   // the entry behind this value and all that is in it
  JsonType type = JsonType::null;
};

// What is larger or deeper is not taken as JSON.
inline constexpr std::size_t kJsonBytesMax = std::size_t{8} << 20;
inline constexpr std::size_t kJsonEntriesMax = std::size_t{1} << 20;
inline constexpr std::size_t kJsonDepthMax = 1024;

[[nodiscard]] bool is_utf8(std::string_view text);

enum class JsonReading : std::uint8_t {
  done,
  invalid,     // no JSON
  over_limit,  // one of the three above: it may be JSON or not
};

class JsonTape {
 public:
  JsonTape();
  ~JsonTape();
  JsonTape(const JsonTape&) = delete;
  JsonTape& operator=(const JsonTape&) = delete;

  // Takes a copy of `body`. The entries are only to be read where it is `done`.
  [[nodiscard]] JsonReading read(std::string_view body);
  [[nodiscard]] bool parse(std::string_view body) { return read(body) == JsonReading::done; }
  // The document itself is entry 0.
  [[nodiscard]] const JsonEntry& operator[](std::size_t at) const { return entries_[at]; }
  [[nodiscard]] std::size_t size() const { return size_; }
  // Gives the memory back where one large document left more than `bytes_max`.
  void shrink(std::size_t bytes_max);

 private:
  struct Parser;
  std::unique_ptr<Parser> parser_;
  std::unique_ptr<JsonEntry[]> entries_;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace banyan::shadow
