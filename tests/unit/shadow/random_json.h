// tests/unit/shadow/random_json.h: documents to change and to compare.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>
#include <utility>
#include <vector>

namespace banyan::shadow::test {

// A value that writes itself as text; an array's members have no name.
struct RandomValue {
  enum class Type { scalar, array, object };
  Type type = Type::scalar;
  std::string text;  // of a scalar
  std::vector<std::pair<std::string, RandomValue>> members;

  [[nodiscard]] std::string written() const {
    if (type == Type::scalar) return text;
    std::string out(1, type == Type::array ? '[' : '{');
    for (const auto& [name, value] : members) {
      if (out.size() > 1) out += ", ";
      if (type == Type::object) out += "\"" + name + "\" : ";
      out += value.written();
    }
    return out + (type == Type::array ? ']' : '}');
  }
};

class RandomJson {
 public:
  explicit RandomJson(std::mt19937_64& random) : random_(random) {}

  RandomValue value(int depth) {
    RandomValue made;
    const std::uint64_t choice = depth == 0 ? 0 : random_() % 3;
    if (choice == 0) {
      made.text = scalar();
      return made;
    }
    made.type = choice == 1 ? RandomValue::Type::array : RandomValue::Type::object;
    for (std::uint64_t n = random_() % 5; n > 0; --n) {
      // Unlike names, unless made by chance.
      made.members.emplace_back(name() + std::to_string(n), value(depth - 1));
    }
    return made;
  }

  void shuffle(RandomValue& value) {
    if (value.type == RandomValue::Type::object) {
      std::shuffle(value.members.begin(), value.members.end(), random_);
    }
    for (auto& member : value.members) shuffle(member.second);
  }

  // Changes one scalar to one of the same document type; gives its path, empty where there is none.
  std::string mutate(RandomValue& value) {
    std::vector<std::pair<std::string, RandomValue*>> leaves;
    collect(value, "$", leaves);
    if (leaves.empty()) return {};
    const auto& [path, leaf] = leaves[random_() % leaves.size()];
    leaf->text = "\"mutated, which nothing else is\"";
    return path;
  }

 private:
  std::string scalar() {
    static constexpr std::array<const char*, 14> kScalars{
        "null",        "true",
        "false",       "0",
        "-1",          "1.50",
        "1e3",         "\"\"",
        "\"a\"",       "\"\\n\"",
        "\"\\u00e4\"", "12345678901234567890123",
        "1e99",        "\"a longer text, with [brackets] and {braces}\""};
    return kScalars[random_() % kScalars.size()];
  }

  std::string name() {
    static constexpr std::array<const char*, 5> kNames{"a", "bb", "it's ", "c-d_", "9"};
    return kNames[random_() % kNames.size()];
  }

  static std::string step(const std::string& name) {
    const bool plain = name.find_first_of(" '") == std::string::npos && name.front() != '9';
    if (plain) return "." + name;
    std::string quoted = "['";
    for (const char c : name) {
      if (c == '\'') quoted += '\\';
      quoted += c;
    }
    return quoted + "']";
  }

  static void collect(RandomValue& value, const std::string& path,
                      std::vector<std::pair<std::string, RandomValue*>>& leaves) {
    if (value.type == RandomValue::Type::scalar) leaves.emplace_back(path, &value);
    std::size_t index = 0;
    for (auto& [name, child] : value.members) {
      const bool element = value.type == RandomValue::Type::array;
      collect(child, path + (element ? "[" + std::to_string(index++) + "]" : step(name)), leaves);
    }
  }

  std::mt19937_64& random_;
};

}  // namespace banyan::shadow::test
