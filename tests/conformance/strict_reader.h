// tests/conformance/strict_reader.h: a second reader of HTTP/1.1, by the letter of RFC 9112 and for
// tests only: slow, short, without limits, and sharing nothing with the codec.
//
// Whatever the codec accepts, this reader must accept too, with the same body and the same end. It
// takes no message that a reader of another mind could take otherwise: no bare LF, no obs-fold, no
// repeated length.
#pragma once

#include <cctype>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace banyan::test {

struct StrictMessage {
  std::string start;
  std::vector<std::pair<std::string, std::string>> fields;  // names in lower case
  std::string body;
  std::size_t end = 0;  // where the next message begins
};

class StrictReader {
 public:
  explicit StrictReader(std::string_view wire) : wire_(wire) {}

  // Nothing where it is broken, or not whole.
  std::optional<StrictMessage> read_request() {
    while (wire_.substr(at_).starts_with("\r\n")) at_ += 2;  // RFC 9112 §2.2
    return read(false);
  }
  // A response to GET.
  std::optional<StrictMessage> read_response() { return read(true); }

 private:
  static bool is_token(std::string_view text) {
    if (text.empty()) return false;
    for (const char c : text) {
      const auto u = static_cast<unsigned char>(c);
      const bool fits = (u < 128 && std::isalnum(u) != 0) ||
                        std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
      if (!fits) return false;
    }
    return true;
  }
  static bool is_value(std::string_view text) {
    for (const char c : text) {
      const auto u = static_cast<unsigned char>(c);
      if (u != '\t' && (u < 0x20 || u == 0x7F)) return false;
    }
    return true;
  }
  static std::string trimmed(std::string_view text) {
    const std::size_t first = text.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
  }

  // Up to CRLF; neither of the two may stand anywhere else.
  std::optional<std::string_view> line() {
    const std::size_t end = wire_.find_first_of("\r\n", at_);
    if (end == std::string_view::npos || !wire_.substr(end).starts_with("\r\n")) return {};
    const std::string_view text = wire_.substr(at_, end - at_);
    at_ = end + 2;
    return text;
  }

  std::optional<StrictMessage> read(bool response) {
    StrictMessage m;
    const auto start = line();
    if (!start || !is_start(*start, response)) return std::nullopt;
    m.start = *start;
    if (!section(m.fields)) return std::nullopt;
    if (!body(m, response)) return std::nullopt;
    m.end = at_;
    return m;
  }

  // RFC 9112 §6.3, number 1.
  static bool is_bodyless(std::string_view status_line) {
    const std::string_view status = status_line.substr(9, 3);
    return status.starts_with('1') || status == "204" || status == "304";
  }

  static bool is_start(std::string_view text, bool response) {
    if (response) {
      return text.size() >= 12 && (text.starts_with("HTTP/1.1 ") || text.starts_with("HTTP/1.0 "));
    }
    const std::size_t first = text.find(' ');
    const std::size_t last = text.rfind(' ');
    if (first == std::string_view::npos || first == last) return false;
    const std::string_view target = text.substr(first + 1, last - first - 1);
    const std::string_view version = text.substr(last + 1);
    return is_token(text.substr(0, first)) && !target.empty() &&
           target.find(' ') == std::string_view::npos &&
           (version == "HTTP/1.1" || version == "HTTP/1.0");
  }

  bool section(std::vector<std::pair<std::string, std::string>>& fields) {
    for (;;) {
      const auto text = line();
      if (!text) return false;
      if (text->empty()) return true;
      const std::size_t colon = text->find(':');
      if (colon == std::string_view::npos || !is_token(text->substr(0, colon))) return false;
      if (!is_value(text->substr(colon + 1))) return false;
      std::string name(text->substr(0, colon));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      fields.emplace_back(std::move(name), trimmed(text->substr(colon + 1)));
    }
  }

  bool body(StrictMessage& m, bool response) {
    if (response && is_bodyless(m.start)) return true;
    std::vector<std::string> lengths, codings;
    for (const auto& [name, value] : m.fields) {
      if (name == "content-length") lengths.push_back(value);
      if (name == "transfer-encoding") codings.push_back(value);
    }
    if (lengths.size() + codings.size() > 1) return false;
    if (!codings.empty()) {
      std::string coding = codings[0];
      for (char& c : coding) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      return coding == "chunked" && m.start.find("HTTP/1.0") == std::string::npos && chunks(m.body);
    }
    if (lengths.empty()) {
      if (response) m.body = wire_.substr(at_), at_ = wire_.size();
      return true;
    }
    const auto size = digits(lengths[0], 10);
    return size && counted(*size, m.body);
  }

  static std::optional<std::uint64_t> digits(std::string_view text, unsigned base) {
    if (text.empty() || text.size() > 18) return std::nullopt;
    std::uint64_t value = 0;
    for (const char c : text) {
      const std::size_t digit =
          std::string_view("0123456789abcdef").find(static_cast<char>(std::tolower(c)));
      if (digit >= base) return std::nullopt;
      value = value * base + digit;
    }
    return value;
  }

  bool counted(std::uint64_t size, std::string& to) {
    if (wire_.size() - at_ < size) return false;
    to.append(wire_.substr(at_, size));
    at_ += size;
    return true;
  }

  bool chunks(std::string& to) {
    for (;;) {
      const auto text = line();
      if (!text) return false;
      std::string_view size_text = text->substr(0, text->find(';'));
      if (size_text.size() != text->size() && !is_value(*text)) return false;
      while (size_text.size() > 1 && size_text[0] == '0') size_text.remove_prefix(1);
      const auto size = digits(size_text, 16);
      if (!size) return false;
      if (*size == 0) break;
      if (!counted(*size, to) || !wire_.substr(at_).starts_with("\r\n")) return false;
      at_ += 2;
    }
    std::vector<std::pair<std::string, std::string>> trailers;
    return section(trailers);
  }

  const std::string_view wire_;
  std::size_t at_ = 0;
};

}  // namespace banyan::test
