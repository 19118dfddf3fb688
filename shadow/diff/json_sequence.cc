#include "shadow/diff/json_sequence.h"

#include <algorithm>
#include <string>

namespace banyan::shadow {
namespace {

constexpr char kRecordSeparator = '\x1e';

// The next document's text off `rest`; empty where there is nothing but space.
std::string_view take_document(std::string_view& rest, char separator) {
  const std::size_t end = std::min(rest.find(separator), rest.size());
  const std::string_view document = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return document.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view()
                                                                         : document;
}

}  // namespace

// Each document is parsed by itself first: what is valid only together with its neighbours is not
// a sequence. Then all of them once more as one array, which is what the comparison walks.
JsonReading read_json_sequence(std::string_view body, JsonTape& tape) {
  if (body.size() > kJsonBytesMax) return JsonReading::over_limit;
  const char separator = body.starts_with(kRecordSeparator) ? kRecordSeparator : '\n';
  std::string array = "[";
  while (!body.empty()) {
    const std::string_view document = take_document(body, separator);
    if (document.empty()) continue;
    const JsonReading reading = tape.read(document);
    if (reading != JsonReading::done) return reading;
    if (array.size() > 1) array += ',';
    array += document;
  }
  if (array.size() == 1) return JsonReading::invalid;
  array += ']';
  return tape.read(array);
}

}  // namespace banyan::shadow
