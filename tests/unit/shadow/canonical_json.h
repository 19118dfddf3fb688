// tests/unit/shadow/canonical_json.h: a second opinion on what documents are equal.
//
// Made with another parser, and in another way: one text for each value, equal for equal documents.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace banyan::shadow::test {

class CanonicalJson : public nlohmann::json_sax<nlohmann::json> {
 public:
  static std::optional<std::string> of(const std::string& text) {
    CanonicalJson canonical;
    const bool valid = nlohmann::json::sax_parse(text, &canonical);
    if (!valid || canonical.result_.empty()) return std::nullopt;
    return canonical.result_;
  }

  bool null() override { return add("null"); }
  bool boolean(bool value) override { return add(value ? "true" : "false"); }
  bool number_integer(number_integer_t value) override {
    return add(decimal(std::to_string(value)));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return add(decimal(std::to_string(value)));
  }
  bool number_float(number_float_t, const string_t& text) override { return add(decimal(text)); }
  bool string(string_t& value) override { return add(quoted(value)); }
  bool binary(binary_t&) override { return false; }
  bool key(string_t& name) override {
    open_.back().names.push_back(quoted(name));
    return true;
  }
  bool start_object(std::size_t) override { return open(true); }
  bool start_array(std::size_t) override { return open(false); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool parse_error(std::size_t, const std::string&, const nlohmann::detail::exception&) override {
    return false;
  }

 private:
  struct Open {
    bool object;
    std::vector<std::string> names;
    std::vector<std::string> values;
  };

  bool open(bool object) {
    open_.push_back({object, {}, {}});
    return true;
  }

  bool close() {
    const Open closed = std::move(open_.back());
    open_.pop_back();
    std::vector<std::pair<std::string, std::string>> items;
    for (std::size_t i = 0; i < closed.values.size(); ++i) {
      items.emplace_back(closed.object ? closed.names[i] : "", closed.values[i]);
    }
    if (closed.object) {
      std::stable_sort(items.begin(), items.end(),
                       [](const auto& a, const auto& b) { return a.first < b.first; });
    }
    std::string out = closed.object ? "{" : "[";
    for (const auto& [name, value] : items) out.append(name).append(":").append(value).append(";");
    return add(out + (closed.object ? "}" : "]"));
  }

  bool add(std::string value) {
    (open_.empty() ? result_ : open_.back().values.emplace_back()) = std::move(value);
    return true;
  }

  static std::string quoted(const std::string& text) {
    return "\"" + std::to_string(text.size()) + "\"" + text;
  }

  // DIGITSeEXPONENT without zeros at either end. Exponents of over 15 digits stay as they are.
  static std::string decimal(std::string text) {
    const bool negative = text.front() == '-';
    if (negative) text.erase(0, 1);
    const std::size_t e = std::min(text.find_first_of("eE"), text.size());
    const std::string written = e < text.size() ? text.substr(e + 1) : "0";
    std::string digits = text.substr(0, e);
    if (digits.find_first_not_of("0.") == std::string::npos) return "0";
    if (written.size() > 15) return text;
    long long exponent = std::stoll(written);
    if (const std::size_t point = digits.find('.'); point != std::string::npos) {
      exponent -= static_cast<long long>(digits.size() - point - 1);
      digits.erase(point, 1);
    }
    digits.erase(0, digits.find_first_not_of('0'));
    while (digits.back() == '0') {
      digits.pop_back();
      ++exponent;
    }
    return (negative ? "-" : "") + digits + "e" + std::to_string(exponent);
  }

  std::vector<Open> open_;
  std::string result_;
};

}  // namespace banyan::shadow::test
