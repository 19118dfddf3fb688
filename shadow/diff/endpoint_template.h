// shadow/diff/endpoint_template.h: how requests are grouped, where their paths alone do not tell.
//
//   template := ( "/" segment )+
//   segment  := literal | "{" name "}"       of bytes but / ? # { } and white space; may be empty
//
// `/users/{name}/cart` covers `/users/anna/cart?x=1`: `{name}` is one segment that is not empty, a
// literal is compared byte by byte with the path as it was sent. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::shadow {

class EndpointTemplate {
 public:
  static constexpr std::size_t kBytesMax = 240;
  static constexpr std::size_t kSegmentsMax = 32;

  // False and `error` filled where `text` is not a template; `made` is then as it was.
  [[nodiscard]] static bool parse(std::string_view text, EndpointTemplate& made,
                                  std::string& error);
  // `path`: without query. Allocates nothing.
  [[nodiscard]] bool covers(std::string_view path) const;
  // Both cover the same paths.
  [[nodiscard]] bool is_same(const EndpointTemplate& other) const;
  // Goes first where both cover a path: it has the literal where the other has a name, at the first
  // segment where just one of them has.
  [[nodiscard]] bool is_closer(const EndpointTemplate& other) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Segment {
    std::string literal;
    bool is_name = false;
  };
  std::string text_;
  std::vector<Segment> segments_;
};

// In the order in which they are tried.
using EndpointTemplates = std::vector<EndpointTemplate>;

// False, and nothing added, where one covers the same already.
[[nodiscard]] bool add_template(EndpointTemplates& templates, EndpointTemplate added);

// `METHOD TEMPLATE` of the closest template that covers the target; empty where none does.
[[nodiscard]] std::string templated_endpoint(const EndpointTemplates& templates,
                                             std::string_view method, std::string_view target);

}  // namespace banyan::shadow
