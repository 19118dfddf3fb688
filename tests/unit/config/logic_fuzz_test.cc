// Random rules, evaluated twice: by the compiled form and by a slow one that was written apart.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <random>

#include "tests/support/seed.h"
#include "tests/unit/config/logic_fixture.h"

namespace banyan::config {
namespace {

// ---- The slow evaluator: JSON in, JSON out ------------------------------------------------------

double number_of(const json& v);

std::string text_of(const json& v) {
  if (v.is_null()) return "";
  if (v.is_string()) return v.get<std::string>();
  if (v.is_boolean()) return v.get<bool>() ? "true" : "false";
  if (v.is_number()) {
    const double d = v.get<double>();
    return d == std::floor(d) ? std::to_string(static_cast<long long>(d)) : fmt::format("{}", d);
  }
  if (v.is_object()) return "[object Object]";
  std::string joined;
  for (std::size_t i = 0; i < v.size(); ++i) joined += (i > 0 ? "," : "") + text_of(v[i]);
  return joined;
}

double number_of(const json& v) {
  if (v.is_null()) return 0;
  if (v.is_boolean()) return v.get<bool>() ? 1 : 0;
  if (v.is_number()) return v.get<double>();
  std::string text = text_of(v);
  while (text.starts_with(' ')) text.erase(0, 1);
  while (text.ends_with(' ')) text.pop_back();
  if (text.empty()) return 0;
  if (text.starts_with("0x") &&
      text.find_first_not_of("0123456789abcdef", 2) != std::string::npos) {
    return std::nan("");
  }
  std::size_t end = 0;
  try {
    const double d = std::stod(text, &end);
    return end == text.size() ? d : std::nan("");
  } catch (const std::exception&) {
    return std::nan("");
  }
}

bool is_true(const json& v) {
  if (v.is_null()) return false;
  if (v.is_boolean()) return v.get<bool>();
  if (v.is_number()) return v.get<double>() != 0;
  if (v.is_string()) return !v.get<std::string>().empty();
  return v.is_object() || !v.empty();
}

bool strict(const json& a, const json& b) {
  if (a.is_structured() || b.is_structured()) return false;
  return a.type() == b.type() && a == b;
}

bool loose(const json& a, const json& b) {
  const bool same_kind = a.type() == b.type() || (a.is_number() && b.is_number());
  if (same_kind) return a.is_number() ? a.get<double>() == b.get<double>() : strict(a, b);
  if (a.is_null() || b.is_null()) return false;
  if (a.is_structured() && b.is_structured()) return false;
  if (a.is_array()) return loose(json(text_of(a)), b);
  if (b.is_array()) return loose(a, json(text_of(b)));
  return number_of(a) == number_of(b);
}

bool ordered(const std::string& op, const json& a, const json& b) {
  if (a.is_string() && b.is_string()) {
    const int c = a.get<std::string>().compare(b.get<std::string>());
    return op == "<" ? c < 0 : op == "<=" ? c <= 0 : op == ">" ? c > 0 : c >= 0;
  }
  const double x = number_of(a), y = number_of(b);
  return op == "<" ? x < y : op == "<=" ? x <= y : op == ">" ? x > y : x >= y;
}

json slow(const json& rule, const json& data);

json slow_if(const json& args, const json& data) {
  std::size_t i = 0;
  for (; i + 1 < args.size(); i += 2) {
    if (is_true(slow(args[i], data))) return slow(args[i + 1], data);
  }
  return i < args.size() ? slow(args[i], data) : json();
}

json slow_in(const json& needle, const json& all) {
  if (all.is_string()) {
    return needle.is_string() &&
           all.get<std::string>().find(needle.get<std::string>()) != std::string::npos;
  }
  if (!all.is_array()) return false;
  return std::any_of(all.begin(), all.end(), [&](const json& one) { return strict(one, needle); });
}

json slow(const json& rule, const json& data) {
  if (rule.is_array()) {
    json list = json::array();
    for (const json& item : rule) list.push_back(slow(item, data));
    return list;
  }
  if (!rule.is_object()) return rule.is_number() ? json(rule.get<double>()) : rule;
  const std::string op = rule.begin().key();
  const json raw = rule.begin().value();
  const json args = raw.is_array() ? raw : json::array({raw});
  if (op == "if") return slow_if(args, data);
  if (op == "and" || op == "or") {
    json value;
    for (const json& arg : args) {
      value = slow(arg, data);
      if (is_true(value) == (op == "or")) break;
    }
    return value;
  }
  const json v = slow(args, data);
  if (op == "var") {
    const std::string name = text_of(v[0]);
    if (data.contains(name) && !data[name].is_null()) {
      return data[name].is_number() ? json(data[name].get<double>()) : slow(data[name], data);
    }
    return v.size() > 1 ? v[1] : json();
  }
  if (op == "==") return loose(v[0], v[1]);
  if (op == "!=") return !loose(v[0], v[1]);
  if (op == "===") return strict(v[0], v[1]);
  if (op == "!==") return !strict(v[0], v[1]);
  if (op == "!") return !is_true(v[0]);
  if (op == "in") return slow_in(v[0], v[1]);
  if (op == "cat") {
    std::string joined;
    for (const json& one : v) joined += text_of(one);
    return joined;
  }
  if (op == "starts_with" || op == "ends_with") {
    if (!v[0].is_string() || !v[1].is_string()) return nullptr;
    const auto text = v[0].get<std::string>(), affix = v[1].get<std::string>();
    return op == "starts_with" ? text.starts_with(affix) : text.ends_with(affix);
  }
  for (std::size_t i = 0; i + 1 < v.size(); ++i) {
    if (!ordered(op, v[i], v[i + 1])) return false;
  }
  return true;
}

// ---- Random rules -------------------------------------------------------------------------------

class Maker {
 public:
  explicit Maker(std::mt19937_64& random) : random_(random) {}

  json rule(int depth) {
    if (depth == 0 || below(4) == 0) return leaf();
    if (below(8) == 0) return list(depth);
    static const std::vector<std::pair<const char*, std::pair<std::uint64_t, std::uint64_t>>>
        kOperators{
            {"if", {0, 5}},  {"==", {2, 2}},  {"===", {2, 2}},         {"!=", {2, 2}},
            {"!==", {2, 2}}, {"<", {2, 3}},   {"<=", {2, 3}},          {">", {2, 2}},
            {">=", {2, 2}},  {"and", {1, 3}}, {"or", {1, 3}},          {"!", {1, 1}},
            {"in", {2, 2}},  {"cat", {0, 4}}, {"starts_with", {2, 2}}, {"ends_with", {2, 2}}};
    if (below(5) == 0) return json{{"var", json::array({"v" + std::to_string(below(8)), leaf()})}};
    const auto& [name, range] = kOperators[below(kOperators.size())];
    json args = json::array();
    const std::uint64_t count = range.first + below(1 + range.second - range.first);
    for (std::uint64_t i = 0; i < count; ++i) args.push_back(rule(depth - 1));
    return json{{name, args}};
  }
  json leaf() {
    static const std::vector<json> kLeaves{nullptr, true, false, 0,   1,   -1,   2.5, "",    "0",
                                           "1",     "a",  "ab",  "b", "2", "x1", 100, "100", " 1 "};
    return kLeaves[below(kLeaves.size())];
  }
  json data() {
    json data = json::object();
    for (int i = 0; i < 6; ++i) {
      data["v" + std::to_string(i)] = below(5) == 0 ? json::array({leaf(), leaf()}) : leaf();
    }
    return data;
  }

 private:
  json list(int depth) {
    json items = json::array();
    for (std::uint64_t i = below(4); i > 0; --i) items.push_back(rule(depth - 1));
    return items;
  }
  std::uint64_t below(std::uint64_t end) { return random_() % end; }
  std::mt19937_64& random_;
};

json with_doubles(const json& v) {
  if (v.is_number()) return v.get<double>();
  if (!v.is_array()) return v;
  json list = json::array();
  for (const json& one : v) list.push_back(with_doubles(one));
  return list;
}

TEST(JsonLogicFuzz, EvaluatesAsASlowReaderDoes) {
  auto random = test::seeded_random();
  Maker maker(random);
  for (int i = 0; i < 5'000; ++i) {
    const json rule = maker.rule(4);
    const json data = maker.data();
    const auto logic = compiled(rule.dump());
    ASSERT_TRUE(logic) << rule << testing::PrintToString(logic.error());
    ASSERT_EQ(evaluated(*logic, data), with_doubles(slow(rule, data))) << rule << "\n" << data;
  }
}

// Whatever stands in a file, it is compiled or refused, with a place in the text.
TEST(JsonLogicFuzz, RefusesWhatIsNone) {
  auto random = test::seeded_random();
  Maker maker(random);
  for (int i = 0; i < 5'000; ++i) {
    std::string text = maker.rule(4).dump();
    for (int edits = 1 + static_cast<int>(random() % 3); edits > 0; --edits) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text.erase(at, 1);
          break;
        case 1:
          text[at] = static_cast<char>(random());
          break;
        default:
          text.insert(at, 1, "{}[]\",:0"[random() % 8]);
      }
      if (text.empty()) text = "0";
    }
    Problems problems(text);
    const auto tree = parse_json(text, problems);
    EXPECT_EQ(tree.has_value(), json::accept(text)) << text;
    if (!tree) {
      EXPECT_FALSE(problems.none()) << text;
      continue;
    }
    const auto logic = compiled(text);
    if (logic) static_cast<void>(evaluated(*logic, maker.data()));
  }
}

}  // namespace
}  // namespace banyan::config
