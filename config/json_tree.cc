#include "config/json_tree.h"

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

namespace banyan::config {
namespace {

// The characters of a text, and how many of them the library's parser has taken.
class Characters {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Characters(const char* at, std::size_t* taken) : at_(at), taken_(taken) {}
  reference operator*() const { return *at_; }
  Characters& operator++() {
    ++at_;
    ++*taken_;
    return *this;
  }
  Characters operator++(int) {
    Characters before = *this;
    ++*this;
    return before;
  }
  friend bool operator==(const Characters& a, const Characters& b) { return a.at_ == b.at_; }
  friend bool operator!=(const Characters& a, const Characters& b) { return !(a == b); }

 private:
  const char* at_;
  std::size_t* taken_;
};

// The library tells values without their places. Between two of them stand only space, commas and
// colons, so the next one begins behind these.
class Builder final : public nlohmann::json_sax<nlohmann::json> {
 public:
  Builder(std::string_view text, const std::size_t& taken, Problems& problems)
      : text_(text), taken_(taken), problems_(problems) {}

  [[nodiscard]] Node take() { return std::move(root_); }

  bool null() override { return word(); }
  bool boolean(bool) override { return word(); }
  bool number_integer(std::int64_t) override { return number(); }
  bool number_unsigned(std::uint64_t) override { return number(); }
  bool number_float(double, const std::string&) override { return number(); }
  bool string(std::string& value) override {
    Node node;
    node.kind = Node::Kind::quoted;
    node.at = start();
    node.text = std::move(value);
    end_ = taken_;
    return add(std::move(node)) != nullptr;
  }
  bool binary(nlohmann::json::binary_t&) override { return false; }  // never in a text
  bool start_object(std::size_t) override { return open(Node::Kind::mapping); }
  bool start_array(std::size_t) override { return open(Node::Kind::sequence); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& value) override {
    open_.back()->keys.push_back({std::move(value), start()});
    end_ = taken_;
    return count();
  }
  bool parse_error(std::size_t position, const std::string&,
                   const nlohmann::json::exception& error) override {
    std::string what = error.what();
    if (const auto at = what.rfind(": "); at != std::string::npos) what.erase(0, at + 2);
    problems_.add(position > 0 ? position - 1 : 0, {}, "not JSON: " + what);
    return false;
  }

 private:
  [[nodiscard]] std::size_t start() const {
    const std::size_t at = text_.find_first_not_of(" \t\r\n,:\xef\xbb\xbf", end_);
    return at == std::string_view::npos ? text_.size() : at;
  }

  bool plain(std::size_t at, std::size_t size) {
    Node node;
    node.at = at;
    node.text = text_.substr(at, size);
    end_ = at + size;
    return add(std::move(node)) != nullptr;
  }
  bool word() {
    const std::size_t at = start();
    return plain(at, taken_ - at);
  }
  // The parser has looked at what follows it.
  bool number() {
    const std::size_t at = start();
    const std::size_t end = std::min(text_.find_first_not_of("+-.0123456789eE", at), text_.size());
    return plain(at, end - at);
  }

  bool open(Node::Kind kind) {
    Node node;
    node.kind = kind;
    node.at = start();
    end_ = node.at + 1;
    if (open_.size() >= kJsonDepthMax) {
      problems_.add(node.at, {}, fmt::format("nested deeper than {} levels", kJsonDepthMax));
      return false;
    }
    Node* const added = add(std::move(node));
    if (added != nullptr) open_.push_back(added);
    return added != nullptr;
  }
  bool close() {
    end_ = taken_;
    open_.pop_back();
    return true;
  }

  // The items of an open node do not move: only the innermost one gets more.
  Node* add(Node node) {
    if (!count()) return nullptr;
    if (open_.empty()) {
      root_ = std::move(node);
      return &root_;
    }
    return &open_.back()->items.emplace_back(std::move(node));
  }
  bool count() {
    if (++nodes_ <= kJsonNodesMax) return true;
    problems_.add(start(), {}, fmt::format("more than {} values", kJsonNodesMax));
    return false;
  }

  std::string_view text_;
  const std::size_t& taken_;
  Problems& problems_;
  Node root_;
  std::vector<Node*> open_;
  std::size_t end_ = 0;  // of the last token
  std::size_t nodes_ = 0;
};

}  // namespace

std::optional<Node> parse_json(std::string_view text, Problems& problems) {
  std::size_t taken = 0;
  Builder builder(text, taken, problems);
  const Characters first(text.data(), &taken);
  const Characters last(text.data() + text.size(), &taken);
  if (!nlohmann::json::sax_parse(first, last, &builder)) return std::nullopt;
  return builder.take();
}

}  // namespace banyan::config
