#include "shadow/diff/json_tape.h"

#include <simdjson.h>

#include <bit>
#include <string>
#include <utility>

#include "shadow/diff/json_number.h"

namespace banyan::shadow {
namespace {

namespace ondemand = simdjson::ondemand;

// The parser itself does not refuse what is too deep: it must never get there.
constexpr std::size_t kParserDepth = kJsonDepthMax + 8;
constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

// A container whose end was not seen yet.
struct Open {
  std::size_t at;  // its entry
  bool is_object;
  std::uint32_t count = 0;
  ondemand::array_iterator elements = {};
  ondemand::object_iterator members = {};
};

// One pass over the document. On-demand parsing checks only what is asked for, so that everything
// is asked for here. The depth is in a vector, not on the stack.
class TapeBuilder {
 public:
  TapeBuilder(std::vector<JsonEntry>& entries, std::vector<Open>& open)
      : entries_(entries), open_(open) {}

  bool build(ondemand::document& document) {
    open_.clear();
    if (!append(document)) return false;
    while (!open_.empty()) {
      if (!(open_.back().is_object ? next_member() : next_element())) return false;
    }
    return true;
  }

 private:
  // `V`: a value, or the document where it is the value. A container is only opened.
  template <class V>
  bool append(V& value) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case ondemand::json_type::array:
        return open_array(value);
      case ondemand::json_type::object:
        return open_object(value);
      case ondemand::json_type::string:
        return append_string(value.get_string());
      default:
        return append_scalar(value, type);
    }
  }

  bool add(JsonType type, std::string_view text) {
    if (entries_.size() >= kJsonEntriesMax) return false;
    entries_.push_back({text, 0, static_cast<std::uint32_t>(entries_.size() + 1), type});
    return true;
  }

  bool append_string(simdjson::simdjson_result<std::string_view> result) {
    std::string_view text;
    return std::move(result).get(text) == simdjson::SUCCESS && add(JsonType::string, text);
  }

  template <class V>
  bool append_scalar(V& value, ondemand::json_type type) {
    std::string_view token;
    if (simdjson::simdjson_result<std::string_view>(value.raw_json_token()).get(token) !=
        simdjson::SUCCESS) {
      return false;
    }
    token = trimmed(token);
    if (type == ondemand::json_type::number) {
      return is_json_number(token) && add(JsonType::number, token);
    }
    if (type == ondemand::json_type::null) return token == "null" && add(JsonType::null, token);
    return (token == "true" || token == "false") && add(JsonType::boolean, token);
  }

  template <class V>
  bool open_array(V& value) {
    Open opened{entries_.size(), false};
    ondemand::array array;
    if (open_.size() >= kJsonDepthMax || !add(JsonType::array, {})) return false;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    if (array.begin().get(opened.elements) != simdjson::SUCCESS) return false;
    open_.push_back(opened);
    return true;
  }

  template <class V>
  bool open_object(V& value) {
    Open opened{entries_.size(), true};
    ondemand::object object;
    if (open_.size() >= kJsonDepthMax || !add(JsonType::object, {})) return false;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    if (object.begin().get(opened.members) != simdjson::SUCCESS) return false;
    open_.push_back(opened);
    return true;
  }

  bool next_element() {
    Open& top = open_.back();
    if (top.count > 0) ++top.elements;
    if (!(top.elements != ondemand::array_iterator{})) return close();
    ++top.count;
    ondemand::value value;
    return (*top.elements).get(value) == simdjson::SUCCESS && append(value);
  }

  bool next_member() {
    Open& top = open_.back();
    if (top.count > 0) ++top.members;
    if (!(top.members != ondemand::object_iterator{})) return close();
    ++top.count;
    ondemand::field field;
    return (*top.members).get(field) == simdjson::SUCCESS && append_string(field.unescaped_key()) &&
           append(field.value());
  }

  bool close() {
    const Open& top = open_.back();
    entries_[top.at].count = top.count;
    entries_[top.at].next = static_cast<std::uint32_t>(entries_.size());
    open_.pop_back();
    return true;
  }

  std::vector<JsonEntry>& entries_;
  std::vector<Open>& open_;
};

// On-demand leaves it to the caller that nothing follows; a scalar is not even consumed.
bool ends_here(ondemand::document& document, const JsonEntry& root, std::string_view body) {
  switch (root.type) {
    case JsonType::null:
    case JsonType::boolean:
    case JsonType::number:
      return trimmed(body) == root.text;
    default:
      return document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  }
}

}  // namespace

bool is_utf8(std::string_view text) { return simdjson::validate_utf8(text.data(), text.size()); }

struct JsonTape::Parser {
  ondemand::parser parser;
  std::string bytes;
  std::vector<Open> open;

  // The padding must be zero: an unclosed array is read one token into it.
  simdjson::padded_string_view padded(std::string_view body) {
    bytes.clear();
    bytes.reserve(body.size() + simdjson::SIMDJSON_PADDING);
    bytes.append(body).append(simdjson::SIMDJSON_PADDING, '\0');
    return simdjson::padded_string_view(bytes.data(), body.size(), bytes.size());
  }
};

JsonTape::JsonTape() = default;
JsonTape::~JsonTape() = default;

bool JsonTape::parse(std::string_view body) {
  entries_.clear();
  if (body.empty() || body.size() > kJsonBytesMax) return false;
  if (!parser_) parser_ = std::make_unique<Parser>();
  ondemand::parser& parser = parser_->parser;
  if (parser.capacity() < body.size() &&
      parser.allocate(std::bit_ceil(body.size()), kParserDepth) != simdjson::SUCCESS) {
    return false;
  }
  ondemand::document document;
  if (parser.iterate(parser_->padded(body)).get(document) != simdjson::SUCCESS) return false;
  return TapeBuilder(entries_, parser_->open).build(document) &&
         ends_here(document, entries_[0], body);
}

void JsonTape::shrink(std::size_t bytes_max) {
  const std::size_t entries = entries_.capacity() * sizeof(JsonEntry);
  if (entries > bytes_max) std::vector<JsonEntry>().swap(entries_);
  if (parser_ && parser_->bytes.capacity() > bytes_max) parser_.reset();
}

}  // namespace banyan::shadow
