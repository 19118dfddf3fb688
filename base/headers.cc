#include "base/headers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/eight.h"

namespace banyan {
namespace {

bool is_one_line(std::string_view text) {
  const auto ends_one = [](char c) { return c == '\r' || c == '\n' || c == '\0'; };
  const auto marks = [](auto chars) {
    return mark_equal(chars, '\r') | mark_equal(chars, '\n') | mark_equal(chars, '\0');
  };
  const char* const end = text.data() + text.size();
  return find_marked(text.data(), end, marks, ends_one) == end;
}

// The characters of RFC 9110 §5.6.2.
constexpr std::array<bool, 256> make_name_chars() {
  std::array<bool, 256> is_in{};
  for (unsigned char c = '0'; c <= '9'; ++c) is_in[c] = true;
  for (unsigned char c = 'a'; c <= 'z'; ++c) is_in[c] = is_in[c - 0x20U] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~"))
    is_in[static_cast<unsigned char>(c)] = true;
  return is_in;
}
constexpr std::array<bool, 256> kNameChars = make_name_chars();

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return kNameChars[static_cast<unsigned char>(c)];
  });
}

}  // namespace

void Headers::add(std::string_view name, std::string_view value) {
  if (is_name(name) && is_one_line(value)) append(name, value, header_id(name));
}

void Headers::add(HeaderId id, std::string_view value) {
  if (id != HeaderId::other && is_one_line(value)) add_line(id, value);
}

void Headers::add_line(HeaderId id, std::string_view value) {
  const LineStart& start = line_start(id);
  const std::size_t at = bytes_.size();
  const std::size_t size = start.name_size + value.size() + kLineMarksSize;
  char* to = bytes_.extend(std::max(size, LineStart::kBytes));
  std::memcpy(to, start.text.data(), LineStart::kBytes);
  to = std::copy(value.begin(), value.end(), to + start.name_size + kColonSize);
  *to++ = '\r';
  *to = '\n';
  bytes_.cut_to(at + size);
  push(at, start.name_size, value.size(), id);
}

void Headers::add_line(std::string_view name, HeaderId id, std::string_view value) {
  if (id == HeaderId::other) return append(name, value, id);
  add_line(id, value);
}

void Headers::append(std::string_view name, std::string_view value, HeaderId id) {
  const std::size_t at = bytes_.size();
  char* to = bytes_.extend(name.size() + value.size() + kLineMarksSize);
  to = std::copy(name.begin(), name.end(), to);
  *to++ = ':';
  *to++ = ' ';
  to = std::copy(value.begin(), value.end(), to);
  *to++ = '\r';
  *to = '\n';
  push(at, name.size(), value.size(), id);
}

void Headers::copy_run(const Headers& other, std::size_t first, std::size_t last) {
  const std::uint32_t from = other.fields_[first].at;
  const auto to = static_cast<std::uint32_t>(bytes_.size());
  bytes_.append(other.lines().substr(from, other.fields_[last - 1].end() - from));
  const auto field = [&](std::size_t i) {
    return other.fields_.begin() + static_cast<std::ptrdiff_t>(i);
  };
  const auto added = fields_.insert(fields_.end(), field(first), field(last));
  for (auto at = added; at != fields_.end(); ++at) at->at += to - from;
}

void Headers::add_run(const Headers& other, std::size_t first, std::size_t last) {
  copy_run(other, first, last);
  for (std::size_t i = first; i < last; ++i) note(other.fields_[i].id);
}

void Headers::add_from(const Headers& other, HeaderIds without) {
  const HeaderIds added = other.ids_.without(without);
  repeated_.add(other.repeated_);
  repeated_.add(ids_.common(added));
  ids_.add(added);
  const std::size_t size = other.fields_.size();
  for (std::size_t at = 0; at < size; ++at) {
    if (without.has(other.fields_[at].id)) continue;
    const std::size_t first = at;
    while (at < size && !without.has(other.fields_[at].id)) ++at;
    copy_run(other, first, at);
  }
}

void Headers::clear() {
  bytes_.clear();
  fields_.clear();
  ids_ = repeated_ = {};
}

std::size_t Headers::move_run(std::size_t first, std::size_t last, std::size_t kept) {
  const std::uint32_t from = fields_[first].at;
  const std::uint32_t to = kept == 0 ? 0 : fields_[kept - 1].end();
  if (from == to) return last;
  bytes_.move(from, fields_[last - 1].end() - from, to);
  for (std::size_t i = first; i < last; ++i) {
    fields_[kept] = fields_[i];
    fields_[kept++].at -= from - to;
  }
  return kept;
}

void Headers::cut_to(std::size_t kept) {
  fields_.resize(kept);
  bytes_.cut_to(kept == 0 ? 0 : fields_[kept - 1].end());
}

void Headers::remove(HeaderIds ids) {
  if (!ids_.has_any(ids)) return;
  keep_runs([&](std::size_t i) { return !ids.has(fields_[i].id); });
  ids_ = ids_.without(ids);
}

void Headers::release() {
  bytes_.release();
  std::vector<Field>().swap(fields_);
  ids_ = repeated_ = {};
}

std::size_t Headers::first(HeaderId id) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].id == id) return i;
  }
  return kNowhere;
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (const Header h : *this) {
    if (equals_ignoring_case(h.name, name)) return h.value;
  }
  return std::nullopt;
}

std::size_t Headers::count_all(HeaderId id) const {
  std::size_t count = 0;
  for (const Field& f : fields_) count += f.id == id ? 1 : 0;
  return count;
}

bool Headers::names_token(HeaderId id, std::string_view token) const {
  bool found = false;
  for_each(id, [&](std::string_view value) {
    if (value.size() <= token.size()) {  // too short for another member
      found = found || equals_ignoring_case(value, token);
      return;
    }
    if (value.find(',') == std::string_view::npos) return;
    for_each_list_member(value, [&](std::string_view member) {
      found = found || equals_ignoring_case(member, token);
    });
  });
  return found;
}

}  // namespace banyan
