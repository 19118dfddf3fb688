#include "shadow/diff/json_tape.h"

#include <simdjson.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "shadow/diff/json_escape.h"
#include "shadow/diff/json_number.h"

namespace banyan::shadow {
namespace {

constexpr std::uint32_t kNoParent = UINT32_MAX;

// Most numbers are a few digits.
bool is_plain_integer(std::string_view text) {
  return text.front() != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_space(char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; }

// The grammar of RFC 8259 over the places where something begins, which simdjson found: the six
// structural characters, strings and everything else that is not space. It has also seen to it that
// all is UTF-8, that each string ends and that no control character stands in one.
//
// While a container is open, its entry's `next` is the container that it is in. Everything is one
// loop over registers once it is inlined, and has to be: this is where a comparison's time goes.
class TapeBuilder {
 public:
  // `text` has a NUL behind it, `begins` one place more, which is the text's size.
  TapeBuilder(std::string& text, std::span<const std::uint32_t> begins, JsonEntry* entries)
      : text_(text.data()),
        next_(begins.data()),
        end_(begins.data() + begins.size() - 1),
        has_escapes_(text.find('\\') != std::string::npos),
        entries_(entries) {}

  [[nodiscard]] JsonReading build() {
    bool good = add_value();
    while (good && parent_ != kNoParent) {
      const Place place = find_place();
      if (place == Place::closed) continue;
      good = place == Place::item && (!in_object_ || add_name()) && add_value();
    }
    if (over_limit_) return JsonReading::over_limit;
    return good && next_ == end_ ? JsonReading::done : JsonReading::invalid;
  }
  [[nodiscard]] std::size_t size() const { return size_; }

 private:
  enum class Place : std::uint8_t { wrong, closed, item };

  [[nodiscard]] char here() const { return text_[*next_]; }

  [[gnu::always_inline]] bool add(JsonType type, const char* text, std::size_t size) {
    if (size_ == kJsonEntriesMax) return fail_over_limit();
    JsonEntry& entry = entries_[size_++];
    entry.text = {text, size};
    entry.count = 0;
    entry.next = size_;
    entry.type = type;
    return true;
  }
  bool fail_over_limit() {
    over_limit_ = true;
    return false;
  }

  [[gnu::always_inline]] bool add_value() {
    switch (here()) {
      case '"':
        return add_string();
      case '{':
        return open(JsonType::object);
      case '[':
        return open(JsonType::array);
      default:
        return next_ != end_ && add_scalar();
    }
  }

  // It ends with the last quote before what comes next: only space is between.
  [[gnu::always_inline]] bool add_string() {
    char* const begin = text_ + *next_++ + 1;
    const char* end = text_ + *next_ - 1;
    while (*end != '"') --end;
    const auto size = static_cast<std::size_t>(end - begin);
    if (has_escapes_) return add_unescaped({begin, size});
    return add(JsonType::string, begin, size);
  }
  bool add_unescaped(std::span<char> text) {
    if (std::memchr(text.data(), '\\', text.size()) == nullptr) {
      return add(JsonType::string, text.data(), text.size());
    }
    const auto size = unescape(text);
    return size && add(JsonType::string, text.data(), *size);
  }
  [[gnu::always_inline]] bool add_name() {
    if (here() != '"' || !add_string() || here() != ':') return false;
    ++next_;
    return true;
  }

  [[gnu::always_inline]] bool add_scalar() {
    const std::uint32_t begin = *next_++;
    std::uint32_t end = *next_;
    while (is_space(text_[end - 1])) --end;
    const std::string_view token(text_ + begin, end - begin);
    const char first = token.front();
    if (first == 't' || first == 'f') {
      return (token == "true" || token == "false") &&
             add(JsonType::boolean, token.data(), token.size());
    }
    if (first == 'n') return token == "null" && add(JsonType::null, token.data(), token.size());
    return (is_plain_integer(token) || is_json_number(token)) &&
           add(JsonType::number, token.data(), token.size());
  }

  [[gnu::always_inline]] bool open(JsonType type) {
    if (depth_ == kJsonDepthMax) return fail_over_limit();
    const std::uint32_t at = size_;
    if (!add(type, nullptr, 0)) return false;
    ++next_;
    ++depth_;
    if (parent_ != kNoParent) entries_[parent_].count = count_;
    entries_[at].next = parent_;
    enter(at);
    return true;
  }
  [[gnu::always_inline]] void enter(std::uint32_t container) {
    parent_ = container;
    if (container == kNoParent) return;
    count_ = entries_[container].count;
    in_object_ = entries_[container].type == JsonType::object;
  }
  [[gnu::always_inline]] void close() {
    ++next_;
    --depth_;
    JsonEntry& closed = entries_[parent_];
    const std::uint32_t above = closed.next;
    closed.count = count_;
    closed.next = size_;
    enter(above);
  }

  // Takes what stands between two items, or behind the last one.
  [[gnu::always_inline]] Place find_place() {
    const char c = here();
    if (c == (in_object_ ? '}' : ']')) {
      close();
      return Place::closed;
    }
    if (count_++ == 0) return Place::item;
    if (c != ',') return Place::wrong;
    ++next_;
    return Place::item;
  }

  char* const text_;
  const std::uint32_t* next_;
  const std::uint32_t* const end_;
  const bool has_escapes_;
  JsonEntry* const entries_;
  std::uint32_t size_ = 0;
  std::uint32_t parent_ = kNoParent;  // the innermost open container,
  std::uint32_t count_ = 0;           // what it has so far,
  bool in_object_ = false;            // and what it is
  std::size_t depth_ = 0;
  bool over_limit_ = false;
};

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

struct JsonTape::Parser {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stages;
  std::string text;  // strings are unescaped in it

  // Where things begin in `text`, with its size at the end; nothing where it can not be JSON.
  std::span<const std::uint32_t> find_structure() {
    if (!stages || stages->capacity() < text.size()) {
      const std::size_t capacity = std::max(std::bit_ceil(text.size()), std::size_t{4096});
      const auto made = simdjson::get_active_implementation()->create_dom_parser_implementation(
          capacity, 1, stages);
      if (made != simdjson::SUCCESS) return {};
    }
    const auto* const bytes = reinterpret_cast<const std::uint8_t*>(text.data());
    const auto found = stages->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
    if (found != simdjson::SUCCESS) return {};
    return {stages->structural_indexes.get(), stages->n_structural_indexes + std::size_t{1}};
  }
};

JsonTape::JsonTape() = default;
JsonTape::~JsonTape() = default;

JsonReading JsonTape::read(std::string_view body) {
  size_ = 0;
  if (body.empty()) return JsonReading::invalid;
  if (body.size() > kJsonBytesMax) return JsonReading::over_limit;
  if (!parser_) parser_ = std::make_unique<Parser>();
  parser_->text.reserve(body.size() + simdjson::SIMDJSON_PADDING);
  parser_->text = body;
  const auto begins = parser_->find_structure();
  if (begins.empty()) return JsonReading::invalid;
  const std::size_t entries = std::min(begins.size(), kJsonEntriesMax);
  if (capacity_ < entries) {
    capacity_ = std::min(std::bit_ceil(entries), kJsonEntriesMax);
    entries_ = std::make_unique<JsonEntry[]>(capacity_);
  }
  TapeBuilder builder(parser_->text, begins, entries_.get());
  const JsonReading reading = builder.build();
  size_ = builder.size();
  return reading;
}

void JsonTape::shrink(std::size_t bytes_max) {
  if (capacity_ * sizeof(JsonEntry) > bytes_max) {
    entries_.reset();
    size_ = capacity_ = 0;
  }
  if (parser_ && parser_->text.capacity() > bytes_max) parser_.reset();
}

}  // namespace banyan::shadow
