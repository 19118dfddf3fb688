#include "shadow/diff/json_text.h"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/path_pattern.h"
#include "shadow/printable.h"

namespace banyan::shadow {
namespace {

void append_name(std::string& out, std::string_view name) {
  if (name.size() <= kNameShownMax) {
    append_member(out, name);
    return;
  }
  std::string shown(name.substr(0, kNameShownMax + 1));
  cut(shown, kNameShownMax);
  append_member(out, shown);
}

// Renders until there is more than `size_max`, whatever the size of the value.
class ValueText {
 public:
  ValueText(const JsonTape& tape, std::size_t size_max) : tape_(tape), size_max_(size_max) {}

  std::uint32_t append(std::uint32_t at) {
    const JsonEntry& entry = tape_[at];
    switch (entry.type) {
      case JsonType::string:
        append_string(entry.text);
        break;
      case JsonType::array:
        append_items(at, '[', ']');
        break;
      case JsonType::object:
        append_items(at, '{', '}');
        break;
      default:
        out_.append(entry.text.substr(0, size_max_ + 1));
    }
    return entry.next;
  }

  std::string finish() {
    cut(out_, size_max_);
    return std::move(out_);
  }

 private:
  [[nodiscard]] bool is_full() const { return out_.size() > size_max_; }

  void append_items(std::uint32_t at, char open, char close) {
    const JsonEntry& entry = tape_[at];
    out_ += open;
    std::uint32_t child = at + 1;
    for (std::uint32_t i = 0; i < entry.count && !is_full(); ++i) {
      if (i > 0) out_ += ',';
      if (entry.type == JsonType::object) {
        append_string(tape_[child].text);
        out_ += ':';
        ++child;
      }
      child = append(child);
    }
    out_ += close;
  }

  void append_string(std::string_view text) {
    out_ += '"';
    for (const char c : text) {
      if (is_full()) return;
      append_character(c);
    }
    out_ += '"';
  }

  void append_character(char c) {
    if (c == '"' || c == '\\') {
      out_ += '\\';
      out_ += c;
    } else if (c == '\n') {
      out_ += "\\n";
    } else if (c == '\t') {
      out_ += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20) {
      fmt::format_to(std::back_inserter(out_), "\\u{:04x}", static_cast<unsigned char>(c));
    } else {
      out_ += c;
    }
  }

  const JsonTape& tape_;
  const std::size_t size_max_;
  std::string out_;
};

}  // namespace

std::string path_text(const std::vector<PathStep>& steps, PathSide side) {
  std::string out = "$";
  for (const PathStep& step : steps) {
    if (out.size() > kPathShownMax) break;
    if (step.is_index) {
      if (side == PathSide::lesser && step.left != step.right) {
        side = step.left < step.right ? PathSide::left : PathSide::right;
      }
      const std::uint32_t index = side == PathSide::right ? step.right : step.left;
      fmt::format_to(std::back_inserter(out), "[{}]", index);
    } else {
      append_name(out, step.name);
    }
  }
  cut(out, kPathShownMax);
  return out;
}

std::string value_text(const JsonTape& tape, std::uint32_t at, std::size_t size_max) {
  ValueText text(tape, size_max);
  text.append(at);
  return text.finish();
}

}  // namespace banyan::shadow
