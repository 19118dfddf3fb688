#include "config/cursor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <unordered_map>

namespace banyan::config {
namespace {

std::string found(const Node& node) {
  if (node.kind == Node::Kind::sequence) return "a list";
  if (node.kind == Node::Kind::mapping) return "a mapping";
  if (node.is_null()) return "nothing";
  if (node.is_text()) return quoted(node.text);
  return fmt::format("the {} {}", node.is_number() ? "number" : "boolean",
                     quoted(node.text).substr(1, node.text.size()));
}

constexpr std::string_view kText = "text";

bool in_range(const Cursor& cursor, Range range, std::uint64_t value,
              std::string (*show)(std::uint64_t)) {
  if (value >= range.min && value <= range.max) return true;
  cursor.fail(fmt::format("must be from {} to {}", show(range.min), show(range.max)));
  return false;
}

std::string show_count(std::uint64_t value) { return std::to_string(value); }
std::string show_duration(std::uint64_t value) {
  return duration_text(Milliseconds(static_cast<std::int64_t>(value)));
}

bool is_usual_key(std::string_view key) {
  return !key.empty() && key.size() <= kNameBytesMax &&
         std::all_of(key.begin(), key.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.';
         });
}

}  // namespace

void Cursor::fail_type(std::string_view expected) const {
  if (node.kind == Node::Kind::refused) return;
  const bool needs_quotes = expected == kText && node.is_scalar() && !node.is_null();
  fail(fmt::format("expected {}, found {}{}", expected, found(node),
                   needs_quotes ? ": put it in quotes" : ""));
}

Cursor Cursor::item(std::size_t index) const {
  return {node.items[index], fmt::format("{}[{}]", path, index), problems};
}

Cursor Cursor::member(std::size_t index) const {
  return {node.items[index], path_to(path, node.keys[index].text), problems};
}

std::string path_to(const std::string& path, std::string_view key) {
  if (!is_usual_key(key)) return fmt::format("{}[{}]", path, quoted(key));
  return path.empty() ? std::string(key) : fmt::format("{}.{}", path, key);
}

bool read(const Cursor& cursor, bool& out) {
  const auto value = cursor.node.as_bool();
  if (!value) {
    cursor.fail_type("true or false");
    return false;
  }
  out = *value;
  return true;
}

bool read(const Cursor& cursor, Range range, std::uint64_t& out) {
  const bool is_plain = cursor.node.kind == Node::Kind::plain;
  const bool is_negative = is_plain && cursor.node.is_number() && cursor.node.text[0] == '-';
  const auto value = read_count(is_plain ? std::string_view(cursor.node.text) : "");
  if (!value && !is_negative) {
    cursor.fail_type("a whole number");
    return false;
  }
  // A negative number is out of any range, so the message tells the range.
  const bool is_good = in_range(cursor, range, is_negative ? range.max + 1 : *value, show_count);
  if (is_good) out = *value;
  return is_good;
}

bool read_duration(const Cursor& cursor, Range range, Milliseconds& out) {
  const auto value = read_duration(cursor.node.is_text() ? std::string_view(cursor.node.text) : "");
  if (!value) {
    cursor.fail_type("a duration such as 250ms, 5s, 2m or 1h");
    return false;
  }
  const bool is_good =
      in_range(cursor, range, static_cast<std::uint64_t>(value->count()), show_duration);
  if (is_good) out = *value;
  return is_good;
}

bool read_size(const Cursor& cursor, Range range, std::uint64_t& out) {
  const auto value = read_size(cursor.node.is_text() ? std::string_view(cursor.node.text) : "");
  if (!value) {
    cursor.fail_type("a size such as 512B, 64KiB, 8MiB or 1GiB");
    return false;
  }
  const bool is_good = in_range(cursor, range, *value, size_text);
  if (is_good) out = *value;
  return is_good;
}

bool read_percent(const Cursor& cursor, std::uint32_t& millipercent) {
  if (cursor.node.kind != Node::Kind::plain || !cursor.node.is_number()) {
    cursor.fail_type("a percentage from 0 to 100, without a sign or quotes");
    return false;
  }
  const auto share = read_percent(cursor.node.text);
  if (!share) {
    cursor.fail(share.error());
    return false;
  }
  millipercent = share->millipercent;
  return true;
}

namespace {

bool read_address_as(const Cursor& cursor, Range ports, Read<Address> (*grammar)(std::string_view),
                     std::string_view forms, Address& out) {
  if (!cursor.node.is_text()) {
    cursor.fail_type(forms);
    return false;
  }
  auto address = grammar(cursor.node.text);
  if (!address) {
    cursor.fail(fmt::format("{}: {}", quoted(cursor.node.text), address.error()));
    return false;
  }
  if (address->port < ports.min || address->port > ports.max) {
    cursor.fail(fmt::format("a port must be from {} to {}", ports.min, ports.max));
    return false;
  }
  out = std::move(*address);
  return true;
}

}  // namespace

bool read_address(const Cursor& cursor, Range ports, Address& out) {
  return read_address_as(cursor, ports, read_address, "IP:PORT, [IPv6]:PORT or localhost:PORT",
                         out);
}

bool read_endpoint(const Cursor& cursor, Range ports, Address& out) {
  return read_address_as(cursor, ports, read_endpoint, "IP:PORT, [IPv6]:PORT or HOST:PORT", out);
}

bool read_networks(const Cursor& cursor, Range items, std::vector<IpNetwork>& out) {
  if (!check_sequence(cursor, items)) return false;
  std::vector<IpNetwork> networks;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    if (!item.node.is_text()) {
      item.fail_type("an IP address or a network such as 10.0.0.0/8");
    } else if (const auto network = read_network(item.node.text); network) {
      networks.push_back(*network);
    } else {
      item.fail(fmt::format("{}: {}", quoted(item.node.text), network.error()));
    }
  }
  if (networks.size() != cursor.node.items.size()) return false;
  out = std::move(networks);
  return true;
}

bool read_text(const Cursor& cursor, Read<std::string> (*grammar)(std::string_view),
               std::string& out) {
  if (!cursor.node.is_text()) {
    cursor.fail_type(kText);
    return false;
  }
  auto text = grammar(cursor.node.text);
  if (!text) {
    cursor.fail(fmt::format("{}: {}", quoted(cursor.node.text), text.error()));
    return false;
  }
  out = std::move(*text);
  return true;
}

bool read_word(const Cursor& cursor, Read<std::string> (*grammar)(std::string_view), Word& out) {
  if (!read_text(cursor, grammar, out.text)) return false;
  out.at = cursor.node.at;
  out.path = cursor.path;
  return true;
}

bool read_one_of(const Cursor& cursor, std::span<const std::string_view> words, std::string& out) {
  const std::string expected = fmt::format("one of {}", fmt::join(words, ", "));
  if (!cursor.node.is_text()) {
    cursor.fail_type(expected);
    return false;
  }
  if (std::find(words.begin(), words.end(), cursor.node.text) == words.end()) {
    cursor.fail(fmt::format("expected {}, found {}{}", expected, quoted(cursor.node.text),
                            did_you_mean(cursor.node.text, words)));
    return false;
  }
  out = cursor.node.text;
  return true;
}

bool is_word(const Node& node, std::string_view word) {
  return node.is_scalar() && node.text == word;
}

bool check_sequence(const Cursor& cursor, Range items) {
  if (cursor.node.kind != Node::Kind::sequence) {
    cursor.fail_type("a list");
    return false;
  }
  const std::size_t size = cursor.node.items.size();
  if (size < items.min) cursor.fail("must not be empty");
  if (size > items.max) cursor.fail(fmt::format("must have at most {} entries", items.max));
  return size <= items.max;
}

std::optional<std::vector<std::size_t>> members_of(const Cursor& cursor, std::size_t max) {
  if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("a mapping");
    return std::nullopt;
  }
  if (cursor.node.keys.size() > max) {
    cursor.fail(fmt::format("must have at most {} entries", max));
    return std::nullopt;
  }
  std::vector<std::size_t> members;
  std::unordered_map<std::string_view, std::size_t> first;
  for (std::size_t i = 0; i < cursor.node.keys.size(); ++i) {
    const Node::Key& key = cursor.node.keys[i];
    const auto [entry, is_new] = first.try_emplace(key.text, key.at);
    if (is_new) {
      members.push_back(i);
      continue;
    }
    cursor.problems.add(
        key.at, path_to(cursor.path, key.text),
        fmt::format("duplicate key (first in line {})", cursor.problems.line_of(entry->second)));
  }
  return members;
}

}  // namespace banyan::config
