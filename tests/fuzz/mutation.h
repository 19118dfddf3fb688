// tests/fuzz/mutation.h: bodies made from other bodies, a few changes at a time.
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::test {

class Mutation {
 public:
  // `seeds`: what bodies are made from. `words`: what is put into them, beside single bytes.
  Mutation(std::mt19937_64& random, std::vector<std::string> seeds, std::vector<std::string> words)
      : random_(random), seeds_(std::move(seeds)), words_(std::move(words)) {}

  [[nodiscard]] const std::string& seed() { return seeds_[below(seeds_.size())]; }

  // One to four changes.
  [[nodiscard]] std::string of(std::string body) {
    for (std::size_t n = 1 + below(4); n > 0; --n) change(body);
    if (body.size() > kBytesMax) body.resize(kBytesMax);
    return body;
  }
  [[nodiscard]] std::size_t below(std::size_t end) { return end == 0 ? 0 : random_() % end; }

 private:
  static constexpr std::size_t kBytesMax = 4096;

  void change(std::string& body) {
    const std::size_t at = below(body.size() + 1);
    const std::size_t size = below(std::min<std::size_t>(body.size() - at, 12) + 1);
    switch (below(8)) {
      case 0:
        if (at < body.size()) body[at] = static_cast<char>(random_());
        break;
      case 1:
        if (at < body.size()) body[at] = static_cast<char>(body[at] ^ (1 << below(8)));
        break;
      case 2:
        body.erase(at, size);
        break;
      case 3:
        body.insert(at, body.substr(at, size));
        break;
      case 4:
        body.insert(at, words_[below(words_.size())]);
        break;
      case 5:
        body.replace(at, size, words_[below(words_.size())]);
        break;
      case 6:
        splice(body, at);
        break;
      default:
        swap_pieces(body, at, size);
    }
  }
  void splice(std::string& body, std::size_t at) {
    const std::string& other = seed();
    const std::size_t from = below(other.size() + 1);
    body = body.substr(0, at) + other.substr(from);
  }
  void swap_pieces(std::string& body, std::size_t at, std::size_t size) {
    const std::string piece = body.substr(at, size);
    body.erase(at, size);
    body.insert(below(body.size() + 1), piece);
  }

  std::mt19937_64& random_;
  const std::vector<std::string> seeds_;
  const std::vector<std::string> words_;
};

}  // namespace banyan::test
