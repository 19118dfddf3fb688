// base/headers_inline.h: the bodies of base/headers.h, which includes it, that compilers want to
// see.
#pragma once

#include "base/headers.h"

namespace banyan {

inline Header Headers::operator[](std::size_t i) const {
  const Field& f = fields_[i];
  const char* const line = bytes_.data() + f.at;
  return {{line, f.name_size}, {line + f.name_size + kColonSize, f.value_size}, f.id};
}

class Headers::Iterator {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = Header;
  using difference_type = std::ptrdiff_t;
  using pointer = const Header*;
  using reference = Header;

  Iterator(const Headers& headers, std::size_t at) : headers_(&headers), at_(at) {}
  Header operator*() const { return (*headers_)[at_]; }
  Iterator& operator++() {
    ++at_;
    return *this;
  }
  bool operator==(const Iterator& o) const { return at_ == o.at_; }

 private:
  const Headers* headers_;
  std::size_t at_;
};

inline Headers::Iterator Headers::begin() const { return {*this, 0}; }
inline Headers::Iterator Headers::end() const { return {*this, fields_.size()}; }

template <class Take>
void Headers::for_each(HeaderId id, Take take) const {
  if (!has(id)) return;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].id == id) take((*this)[i].value);
  }
}

template <class Keep>
void Headers::add_from(const Headers& other, Keep keep) {
  std::size_t first = 0;
  for (std::size_t i = 0; i < other.size(); ++i) {
    if (keep(other[i])) continue;
    if (first < i) add_run(other, first, i);
    first = i + 1;
  }
  if (first < other.size()) add_run(other, first, other.size());
}

template <class IsKept>
void Headers::keep_runs(IsKept is_kept) {
  std::size_t kept = 0;
  for (std::size_t i = 0; i < fields_.size();) {
    const std::size_t first = i;
    while (i < fields_.size() && is_kept(i)) ++i;
    if (first < i) kept = move_run(first, i, kept);
    ++i;  // the one that goes
  }
  cut_to(kept);
}

template <class Keep>
void Headers::keep_only(Keep keep) {
  keep_runs([&](std::size_t i) { return keep((*this)[i]); });
  ids_ = {};
  for (const Field& f : fields_) ids_.add(f.id);
}

}  // namespace banyan
