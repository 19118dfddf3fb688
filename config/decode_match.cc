#include "config/decode_match.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/message.h"
#include "config/header_fields.h"

namespace banyan::config {
namespace {

constexpr Range kRules{1, 256};
constexpr std::size_t kHeadersMax = 16;
constexpr std::size_t kGrpcNameMax = 256;

void decode_host(const Cursor& cursor, DraftRule& out) {
  read_text(cursor, read_host, out.rule.host);
}

// Identifiers, as protobuf has them.
Read<std::string> read_grpc_method(std::string_view text) {
  const auto is_letter = [](char c) {
    return c == '_' || (ascii_lower(c) >= 'a' && ascii_lower(c) <= 'z');
  };
  const auto is_part = [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); };
  if (!text.empty() && text.size() <= kGrpcNameMax && is_letter(text.front()) &&
      std::all_of(text.begin(), text.end(), is_part)) {
    return std::string(text);
  }
  return tl::unexpected(std::string("not the name of a gRPC method, such as Get"));
}

Read<std::string> read_grpc_service(std::string_view text) {
  std::string_view rest = text;
  while (text.size() <= kGrpcNameMax) {
    const std::size_t dot = rest.find('.');
    if (!read_grpc_method(rest.substr(0, dot))) break;
    if (dot == std::string_view::npos) return std::string(text);
    rest.remove_prefix(dot + 1);
  }
  return tl::unexpected(
      std::string("not the name of a gRPC service with its package, such as shop.Orders"));
}

void decode_grpc_service(const Cursor& cursor, DraftRule& out) {
  (void)read_word(cursor, read_grpc_service, out.grpc_service);
}

void decode_grpc_method(const Cursor& cursor, DraftRule& out) {
  (void)read_word(cursor, read_grpc_method, out.grpc_method);
}

void decode_path_prefix(const Cursor& cursor, DraftRule& out) {
  out.has_path = true;
  read_text(cursor, read_path_prefix, out.rule.path_prefix);
}

void decode_method(const Cursor& cursor, DraftRule& out) {
  if (!read_text(cursor, read_token, out.rule.method)) return;
  const Method method = method_of(out.rule.method);
  if (method == Method::connect || method == Method::trace) {
    cursor.fail(out.rule.method + " is never forwarded");
  } else if (method == Method::other && method_of(upper(out.rule.method)) != Method::other) {
    cursor.fail("methods have a case: write " + upper(out.rule.method));
  }
}

void decode_headers(const Cursor& cursor, DraftRule& out) {
  std::vector<HeaderField> fields;
  if (!read_header_fields(cursor, kHeadersMax, fields)) return;
  for (HeaderField& field : fields) {
    if (header_id(field.name) == HeaderId::host) field.name_at.fail("is matched with the key host");
    out.rule.headers.push_back({lower(field.name), std::move(field.value)});
  }
  std::sort(out.rule.headers.begin(), out.rule.headers.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
}

void decode_listener(const Cursor& cursor, DraftRule& out) {
  if (read_word(cursor, read_name, out.listener)) out.rule.listener = out.listener.text;
}

constexpr std::array kRuleKeys{
    Key<DraftRule>{"path_prefix", decode_path_prefix},
    Key<DraftRule>{"host", decode_host},
    Key<DraftRule>{"method", decode_method},
    Key<DraftRule>{"headers", decode_headers},
    Key<DraftRule>{"listener", decode_listener},
    Key<DraftRule>{"grpc_service", decode_grpc_service},
    Key<DraftRule>{"grpc_method", decode_grpc_method},
};

// A gRPC method is a path: /SERVICE/METHOD.
void take_grpc_path(const Cursor& item, DraftRule& out) {
  const Word& service = out.grpc_service;
  const Word& method = out.grpc_method;
  if (service.text.empty()) {
    if (!method.text.empty()) {
      item.problems.add(method.at, method.path, "needs grpc_service beside it");
    }
    return;
  }
  if (out.has_path) {
    item.problems.add(service.at, service.path,
                      "stands for a path, as path_prefix does: give one of them");
  }
  out.rule.path_prefix = "/" + service.text;
  if (!method.text.empty()) out.rule.path_prefix += "/" + method.text;
}

}  // namespace

Read<std::string> read_grpc_path(std::string_view text) {
  const std::size_t slash = text.find('/');
  const bool is_one = slash != std::string_view::npos && read_grpc_service(text.substr(0, slash)) &&
                      read_grpc_method(text.substr(slash + 1));
  if (is_one) return "/" + std::string(text);
  return tl::unexpected(
      std::string("not the name of a gRPC method with its service, such as shop.Orders/Get"));
}

void decode_rules(const Cursor& cursor, std::vector<DraftRule>& out) {
  if (!check_sequence(cursor, kRules)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    const std::size_t problems_before = cursor.problems.count();
    DraftRule made;
    made.spot = {item.node.at, item.path};
    if (decode_block<DraftRule>(item, made, kRuleKeys) && item.node.items.empty()) {
      item.fail(
          "needs at least one of path_prefix, host, method, headers and listener; path_prefix: / "
          "matches every request");
    }
    take_grpc_path(item, made);
    if (cursor.problems.count() == problems_before) out.push_back(std::move(made));
  }
}

void list_rule_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_items<kRuleKeys>(prefix, paths);
}

}  // namespace banyan::config
