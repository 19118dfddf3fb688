#include "routing/path_trie.h"

#include <functional>

namespace banyan::routing {
namespace {

// The first segment of `rest`, which begins with '/'; `rest` goes on behind it.
std::string_view take_segment(std::string_view& rest) {
  const std::size_t end = rest.find('/', 1);
  const std::string_view segment = rest.substr(1, end == std::string_view::npos ? end : end - 1);
  rest.remove_prefix(1 + segment.size());
  return segment;
}

}  // namespace

std::size_t PathTrie::EdgeHash::operator()(const EdgeView& e) const {
  constexpr std::size_t kSpread = 0x9E3779B97F4A7C15U;
  return std::hash<std::string_view>{}(e.segment) ^ (e.from + 1) * kSpread;
}

PathTrie::Node PathTrie::add_root() {
  parents_.push_back(kNone);
  has_children_.push_back(false);
  return static_cast<Node>(parents_.size() - 1);
}

PathTrie::Node PathTrie::add(Node root, std::string_view prefix) {
  Node node = root;
  if (prefix == "/") return node;
  while (!prefix.empty()) {
    const std::string_view segment = take_segment(prefix);
    const auto next = static_cast<Node>(parents_.size());
    const auto [edge, is_new] = edges_.try_emplace(Edge{node, std::string(segment)}, next);
    if (is_new) {
      parents_.push_back(node);
      has_children_[node] = true;
      has_children_.push_back(false);
    }
    node = edge->second;
  }
  return node;
}

PathTrie::Node PathTrie::deepest(Node root, std::string_view path) const {
  Node node = root;
  while (has_children_[node] && path.starts_with('/')) {
    const auto edge = edges_.find(EdgeView{node, take_segment(path)});
    if (edge == edges_.end()) break;
    node = edge->second;
  }
  return node;
}

}  // namespace banyan::routing
