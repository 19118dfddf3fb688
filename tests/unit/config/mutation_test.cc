// A good file with random damage: whatever comes out, it comes, and it holds together.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iostream>
#include <iterator>
#include <random>

#include "tests/unit/config/loading.h"

namespace banyan::config {
namespace {

constexpr int kSeed = 20261122;
constexpr int kRounds = 1'500;

// For long runs: BANYAN_MUTATION_ROUNDS and BANYAN_MUTATION_SEED.
int from_environment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

std::string file_text(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

constexpr std::array<std::string_view, 28> kPieces{
    "\n", " ",  "  ", "\t", ":", ": ", "-", "- ",  "[",    "]",  "{", "}",           "'",    "\"",
    "#",  "&a", "*a", "!t", "|", ">",  "%", "---", "\xff", "\r", "é", "99999999999", "\\x0", "? "};

class Damage {
 public:
  explicit Damage(std::uint32_t seed) : random_(seed) {}

  void apply(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t size = below(12);
    switch (below(5)) {
      case 0:
        text.erase(at, size);
        break;
      case 1:
        text.insert(at, kPieces[below(kPieces.size())]);
        break;
      case 2:
        text.insert(at, text.substr(below(text.size() + 1), below(200)));
        break;
      case 3:
        text.resize(at);
        break;
      default:
        if (at < text.size()) text[at] = static_cast<char>(below(256));
    }
  }
  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::mt19937 random_;
};

void expect_sound(const Loaded& loaded, const std::string& text) {
  EXPECT_EQ(loaded.snapshot == nullptr, !loaded.problems.empty());
  const auto lines = static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return c == '\n' || c == '\r'; }));
  std::size_t line = 0;
  for (const Problem& problem : loaded.problems) {
    EXPECT_GE(problem.line, line);
    EXPECT_LE(problem.line, lines + 1);
    EXPECT_GE(problem.column, 1U);
    EXPECT_FALSE(problem.message.empty());
    EXPECT_EQ(to_text("f", problem).back(), '\n');
    line = problem.line;
  }
}

TEST(Mutation, NeverBreaksTheDecoder) {
  const int seed = from_environment("BANYAN_MUTATION_SEED", kSeed);
  const int rounds = from_environment("BANYAN_MUTATION_ROUNDS", kRounds);
  std::cout << "seed " << seed << ", " << rounds << " rounds\n";
  const std::string good = file_text(BANYAN_SOURCE_DIR "/config/examples/full.yaml");
  ASSERT_TRUE(load_text(good, Files::leave_out).snapshot);
  Damage damage(static_cast<std::uint32_t>(seed));
  int refused = 0;
  for (int round = 0; round < rounds; ++round) {
    std::string text = good;
    for (std::size_t hits = 1 + damage.below(4); hits > 0; --hits) damage.apply(text);
    const Loaded loaded = load_text(text, Files::leave_out);
    refused += loaded.snapshot ? 0 : 1;
    expect_sound(loaded, text);
    if (HasFailure()) FAIL() << "round " << round << "\n" << text;
  }
  // Both ends are reached: damage is seen, and what hits a comment is not.
  EXPECT_GT(refused, rounds / 2);
  EXPECT_LT(refused, rounds);
}

}  // namespace
}  // namespace banyan::config
