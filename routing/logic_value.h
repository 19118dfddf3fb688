// routing/logic_value.h: what a rule of JsonLogic computes with, and how values become others.
//
// The conversions are those of JavaScript, which JsonLogic is defined by (ECMA-262 §7.1, §7.2), but
// that an empty list is false. A Value is borrowed: its text and items live in the rule, in the
// request, or in the LogicScratch of the evaluation. Pure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace banyan::routing {

class Value {
 public:
  enum class Kind : std::uint8_t { null, boolean, number, text, list, object };

  constexpr Value() = default;
  [[nodiscard]] static constexpr Value of(bool boolean) {
    Value value(Kind::boolean);
    value.number_ = boolean ? 1 : 0;
    return value;
  }
  [[nodiscard]] static constexpr Value of(double number) {
    Value value(Kind::number);
    value.number_ = number;
    return value;
  }
  [[nodiscard]] static constexpr Value of(std::string_view text) {
    Value value(Kind::text);
    value.text_ = text.data();
    value.size_ = static_cast<std::uint32_t>(text.size());
    return value;
  }
  [[nodiscard]] static constexpr Value of(std::span<const Value> items) {
    Value value(Kind::list);
    value.items_ = items.data();
    value.size_ = static_cast<std::uint32_t>(items.size());
    return value;
  }
  static Value of(const char*) = delete;  // would be a boolean
  // Nothing is known of it but that it is one.
  [[nodiscard]] static constexpr Value object() { return Value(Kind::object); }

  [[nodiscard]] constexpr Kind kind() const { return kind_; }
  [[nodiscard]] constexpr bool is_null() const { return kind_ == Kind::null; }
  [[nodiscard]] constexpr bool is_text() const { return kind_ == Kind::text; }
  [[nodiscard]] constexpr bool is_number() const { return kind_ == Kind::number; }
  // Only of the kind that they are named after.
  [[nodiscard]] constexpr bool boolean() const { return number_ != 0; }
  [[nodiscard]] constexpr double number() const { return number_; }
  [[nodiscard]] constexpr std::string_view text() const { return {text_, size_}; }
  [[nodiscard]] constexpr std::span<const Value> items() const { return {items_, size_}; }

 private:
  constexpr explicit Value(Kind kind) : kind_(kind) {}

  Kind kind_ = Kind::null;
  std::uint32_t size_ = 0;
  union {
    double number_ = 0;
    const char* text_;
    const Value* items_;
  };
};

// False: null, false, 0, NaN, "" and the empty list. Everything else is true, also "0".
[[nodiscard]] bool truthy(const Value& value);
// NaN where there is no number in it.
[[nodiscard]] double to_number(const Value& value);
[[nodiscard]] double to_number(std::string_view text);
// As JavaScript's join writes it: null is empty, a list its items with commas. Appended to `out`.
void append_text(const Value& value, std::string& out);

[[nodiscard]] bool strictly_equal(const Value& a, const Value& b);  // ===
[[nodiscard]] bool loosely_equal(const Value& a, const Value& b);   // ==

enum class Order : std::uint8_t { less, equal, greater, none };
// Two texts by their bytes, everything else as numbers; `none` where one of them is not one.
[[nodiscard]] Order order_of(const Value& a, const Value& b);

}  // namespace banyan::routing
