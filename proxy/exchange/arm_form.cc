#include "proxy/exchange/arm_form.h"

#include <utility>

#include "proxy/observe/trace_context.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kExposedName = "x-banyan-arm";

// Where a changed list of fields is put together; its memory is kept.
Headers& scratch_headers() {
  thread_local Headers scratch;
  scratch.clear();
  return scratch;
}

}  // namespace

void edit(const HeaderEdits& edits, Headers& headers) {
  if (edits.empty()) return;
  Headers& kept = scratch_headers();
  for (const Header h : headers) {
    if (!edits.drops(h.name)) kept.add(h);
  }
  edits.add_to(kept);
  std::swap(headers, kept);
}

void to_arm(const ArmForm& form, RequestHead& head) {
  if (form.rewrite == nullptr) return;
  const routing::Rewrite& rewrite = *form.rewrite;
  thread_local std::string target;
  const bool has_path = !rewrite.path_prefix.empty() && !form.matched.empty();
  if (has_path && routing::replace_prefix(head.target, form.matched, rewrite.path_prefix, target)) {
    head.target = target;
  }
  if (!rewrite.host.empty()) head.authority = rewrite.host;
  edit(rewrite.headers, head.headers);
}

void from_arm(const ArmForm& form, std::string_view authority, ResponseHead& head) {
  if (form.rewrite == nullptr) return;
  const routing::WayBack way{form.matched, form.rewrite->path_prefix, authority, form.hosts};
  Headers& mapped = scratch_headers();
  bool changed = false;
  for (const Header h : head.headers) {
    if (const auto value = routing::field_mapped_back(way, h)) {
      mapped.add({h.name, *value, h.id});
      changed = true;
    } else {
      mapped.add(h);
    }
  }
  if (changed) std::swap(head.headers, mapped);
}

void issue(const routing::StickySource& cookie, std::string_view key, Headers& headers) {
  std::string value = cookie.name + "=";
  value.append(key).append(cookie.attributes);
  headers.add("set-cookie", value);
}

void expose(Arm arm, Headers& headers) {
  if (headers.find(kExposedName)) edit({{}, {std::string(kExposedName)}}, headers);
  headers.add(kExposedName, to_string(arm));
}

void give_parent(Headers& headers, std::uint64_t parent) {
  if (!headers.has(HeaderId::traceparent)) return;
  Headers& changed = scratch_headers();
  for (const Header h : headers) {
    const auto value =
        h.id == HeaderId::traceparent ? observe::with_parent(h.value, parent) : std::nullopt;
    changed.add({h.name, value ? std::string_view(*value) : h.value, h.id});
  }
  headers.swap(changed);
}

void mark_as_shadow(RequestHead& head, std::string_view migration, const HeaderEdits& edits,
                    std::uint64_t trace_parent) {
  give_parent(head.headers, trace_parent);
  edit(edits, head.headers);
  head.headers.add(HeaderId::x_banyan_shadow, migration);
  head.headers.add(HeaderId::baggage, "banyan-shadow=1");
  head.expect_continue = false;  // its body is all there
}

}  // namespace banyan::exchange
