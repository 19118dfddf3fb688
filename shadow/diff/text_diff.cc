#include "shadow/diff/text_diff.h"

#include <fmt/format.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "shadow/diff/alignment.h"
#include "shadow/diff/json_tape.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

// An excerpt begins where a line, a pair or a tag begins, so that the name of what it shows is in
// it (secrets are told by their names). Where none is near, and in what looks like JSON, where the
// name may be any distance away, there is no excerpt.
constexpr std::size_t kLookBackMax = 80;
constexpr std::size_t kExcerptMax = 120;

// Whether what stands before `at` is a name whose value may only come now.
bool follows_a_name(std::string_view body, std::size_t at) {
  const std::size_t before = body.substr(0, at).find_last_not_of(" \t\r\n");
  return before != std::string_view::npos && (body[before] == ':' || body[before] == '=');
}

bool begins_element(std::string_view body, std::size_t at) {
  const char c = body[at];
  if (c == '&' || c == '?' || c == '<') return true;
  return c == '\n' && !follows_a_name(body, at);
}

std::optional<std::size_t> excerpt_start(std::string_view body, std::size_t offset) {
  if (offset >= body.size() || begins_as_container(body)) return std::nullopt;
  const std::size_t end = offset > kLookBackMax ? offset - kLookBackMax : 0;
  for (std::size_t at = offset;; --at) {
    if (begins_element(body, at)) return at;
    if (at == 0) return 0;
    if (at == end) return std::nullopt;
  }
}

std::string shown_body(std::string_view body, std::size_t offset, bool for_shapes) {
  if (for_shapes) return size_and_hash(body, offset);
  std::string out = fmt::format("{} bytes, from byte {}", body.size(), offset);
  if (!is_text(body)) {
    out += fmt::format(", hash {:016x}", XXH3_64bits(body.data(), body.size()));
  }
  const std::optional<std::size_t> start = excerpt_start(body, offset);
  if (start) {
    out += ": ";
    if (*start > 0) out += "\u2026";
    out += printable(body.substr(*start, kExcerptMax));
    if (*start + kExcerptMax < body.size()) out += "\u2026";
  }
  cut(out, kShownBytesMax);
  return out;
}

struct Lines {
  std::string_view body;
  std::vector<std::string_view> lines;
  std::vector<std::uint64_t> hashes;
};

// What is behind the last line's end is a line too, also where it is empty.
std::optional<Lines> lines_of(std::string_view body) {
  Lines out{body, {}, {}};
  std::string_view rest = body;
  for (;;) {
    if (out.lines.size() == kLinesMax) return std::nullopt;
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    out.lines.push_back(rest.substr(0, end));
    out.hashes.push_back(XXH3_64bits(rest.data(), end));
    if (end == rest.size()) return out;
    rest.remove_prefix(end + 1);
  }
}

std::string shown_line(const Lines& side, std::uint32_t index, const Findings& findings) {
  const std::string_view line = side.lines[index];
  const std::size_t size_max = findings.shown_max();
  const auto at = static_cast<std::size_t>(line.data() - side.body.data());
  if (!findings.for_shapes() && follows_a_name(side.body, at)) {
    return fmt::format("{} bytes", line.size());
  }
  std::string out = printable(line.substr(0, size_max + 1));
  cut(out, size_max);
  return out;
}

class LineWalk {
 public:
  LineWalk(const Lines& left, const Lines& right, Findings& findings)
      : left_(left), right_(right), findings_(findings) {}

  void run() {
    std::uint32_t cells = kCellsMax;
    const auto alike = [](std::uint32_t, std::uint32_t) { return 1U; };
    const Alignment alignment = align(left_.hashes, right_.hashes, alike, cells);
    for (const AlignedPair& pair : alignment.pairs) {
      only(pair.left, pair.right);
      if (left_.lines[pair.left] != right_.lines[pair.right]) {
        add(Kind::value, std::min(pair.left, pair.right), pair.left, pair.right);
      }
      next_left_ = pair.left + 1;
      next_right_ = pair.right + 1;
    }
    only(static_cast<std::uint32_t>(left_.lines.size()),
         static_cast<std::uint32_t>(right_.lines.size()));
  }

 private:
  void only(std::uint32_t left_end, std::uint32_t right_end) {
    for (; next_left_ < left_end; ++next_left_) {
      add(Kind::missing, next_left_, next_left_, std::nullopt);
    }
    for (; next_right_ < right_end; ++next_right_) {
      add(Kind::extra, next_right_, std::nullopt, next_right_);
    }
  }
  void add(Kind kind, std::uint32_t index, std::optional<std::uint32_t> left,
           std::optional<std::uint32_t> right) {
    findings_.add(
        kind, [=] { return fmt::format("body[{}]", index); },
        [&] { return left ? shown_line(left_, *left, findings_) : std::string(); },
        [&] { return right ? shown_line(right_, *right, findings_) : std::string(); });
  }

  const Lines& left_;
  const Lines& right_;
  Findings& findings_;
  std::uint32_t next_left_ = 0;
  std::uint32_t next_right_ = 0;
};

bool is_of_lines(std::string_view body) {
  return body.find('\n') != std::string_view::npos && !begins_as_container(body) && is_text(body);
}

}  // namespace

std::string size_and_hash(std::string_view bytes, std::optional<std::size_t> offset) {
  const std::string from = offset ? fmt::format(", from byte {}", *offset) : "";
  return fmt::format("{} bytes{}, hash {:016x}", bytes.size(), from,
                     XXH3_64bits(bytes.data(), bytes.size()));
}

bool is_text(std::string_view body) {
  return body.find('\0') == std::string_view::npos && is_utf8(body);
}

bool begins_as_container(std::string_view body) {
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && (body[first] == '{' || body[first] == '[');
}

bool compare_lines(std::string_view left, std::string_view right, Findings& findings) {
  if (!is_of_lines(left) || !is_of_lines(right)) return false;
  const auto a = lines_of(left);
  const auto b = lines_of(right);
  if (!a || !b) return false;
  LineWalk(*a, *b, findings).run();
  return true;
}

void compare_bytes(std::string_view left, std::string_view right, Findings& findings) {
  const auto [a, b] = std::mismatch(left.begin(), left.end(), right.begin(), right.end());
  if (a == left.end() && b == right.end()) return;
  const auto offset = static_cast<std::size_t>(a - left.begin());
  findings.add(
      left.size() == right.size() ? Kind::value : Kind::length, [] { return std::string("body"); },
      [&] { return shown_body(left, offset, findings.for_shapes()); },
      [&] { return shown_body(right, offset, findings.for_shapes()); }, Holds::bytes);
}

}  // namespace banyan::shadow
