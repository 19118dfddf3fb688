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

// One pass over the document. On-demand parsing checks only what is asked for, so that everything
// is asked for here.
class TapeBuilder {
 public:
  explicit TapeBuilder(std::vector<JsonEntry>& entries) : entries_(entries) {}

  // `V`: a value, or the document where it is the value.
  template <class V>
  bool append(V& value, std::size_t depth) {
    ondemand::json_type type{};
    if (value.type().get(type) != simdjson::SUCCESS) return false;
    switch (type) {
      case ondemand::json_type::array:
        return append_array(value, depth);
      case ondemand::json_type::object:
        return append_object(value, depth);
      case ondemand::json_type::string:
        return append_string(value.get_string());
      default:
        return append_scalar(value, type);
    }
  }

 private:
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
  bool append_array(V& value, std::size_t depth) {
    const std::size_t at = entries_.size();
    ondemand::array array;
    if (depth >= kJsonDepthMax || !add(JsonType::array, {})) return false;
    if (value.get_array().get(array) != simdjson::SUCCESS) return false;
    std::uint32_t count = 0;
    for (auto element : array) {
      ondemand::value child;
      if (std::move(element).get(child) != simdjson::SUCCESS || !append(child, depth + 1)) {
        return false;
      }
      ++count;
    }
    return close(at, count);
  }

  template <class V>
  bool append_object(V& value, std::size_t depth) {
    const std::size_t at = entries_.size();
    ondemand::object object;
    if (depth >= kJsonDepthMax || !add(JsonType::object, {})) return false;
    if (value.get_object().get(object) != simdjson::SUCCESS) return false;
    std::uint32_t count = 0;
    for (auto member : object) {
      ondemand::field field;
      if (std::move(member).get(field) != simdjson::SUCCESS) return false;
      if (!append_string(field.unescaped_key()) || !append(field.value(), depth + 1)) return false;
      ++count;
    }
    return close(at, count);
  }

  bool close(std::size_t at, std::uint32_t count) {
    entries_[at].count = count;
    entries_[at].next = static_cast<std::uint32_t>(entries_.size());
    return true;
  }

  std::vector<JsonEntry>& entries_;
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

struct JsonTape::Parser {
  ondemand::parser parser;
  std::string bytes;

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
  return TapeBuilder(entries_).append(document, 0) && ends_here(document, entries_[0], body);
}

void JsonTape::shrink(std::size_t bytes_max) {
  const std::size_t entries = entries_.capacity() * sizeof(JsonEntry);
  if (entries > bytes_max) std::vector<JsonEntry>().swap(entries_);
  if (parser_ && parser_->bytes.capacity() > bytes_max) parser_.reset();
}

}  // namespace banyan::shadow
