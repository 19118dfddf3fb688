// routing/path_trie.h: path prefixes as a tree of whole segments.
//
// A walk takes one lookup for each segment that some prefix has, and stops at the first that none
// has: neither the number of prefixes nor the length of a request's path makes it slow. Several
// trees, one for each root, share the table of edges.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace banyan::routing {

class PathTrie {
 public:
  using Node = std::uint32_t;
  static constexpr Node kNone = std::numeric_limits<Node>::max();

  [[nodiscard]] Node add_root();
  // The node of `prefix` (as in MatchRule; empty and "/" are the root), made where it is missing.
  Node add(Node root, std::string_view prefix);

  // The deepest node whose prefix covers `path`. Allocates nothing.
  [[nodiscard]] Node deepest(Node root, std::string_view path) const;
  // kNone above a root.
  [[nodiscard]] Node parent(Node node) const { return parents_[node]; }
  [[nodiscard]] std::size_t size() const { return parents_.size(); }

 private:
  struct Edge {
    Node from;
    std::string segment;
  };
  struct EdgeView {
    Node from;
    std::string_view segment;
  };
  struct EdgeHash {
    using is_transparent = void;
    std::size_t operator()(const EdgeView& e) const;
    std::size_t operator()(const Edge& e) const { return (*this)(EdgeView{e.from, e.segment}); }
  };
  struct EdgeEqual {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return a.from == b.from && std::string_view(a.segment) == std::string_view(b.segment);
    }
  };

  std::vector<Node> parents_;
  std::vector<bool> has_children_;  // by node: below the others a walk need not look
  std::unordered_map<Edge, Node, EdgeHash, EdgeEqual> edges_;
};

}  // namespace banyan::routing
