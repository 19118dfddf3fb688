#include "proxy/exchange/forwarding.h"

#include "proxy/codec/head_writer.h"
#include "proxy/codec/hop_by_hop.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kMarker = "banyan-shadow";

// What this hop says itself, or what only Banyan may say.
bool is_ours_to_say(HeaderId id, const ForwardRules& rules) {
  switch (id) {
    case HeaderId::host:
    case HeaderId::content_length:
    case HeaderId::x_banyan_shadow:
      return true;
    case HeaderId::x_forwarded_for:
      return !rules.peer_trusted || rules.x_forwarded;
    case HeaderId::forwarded:
    case HeaderId::x_forwarded_host:
    case HeaderId::x_forwarded_proto:
      return !rules.peer_trusted;
    default:
      return false;
  }
}

bool is_marker(std::string_view member) {
  const std::size_t end = member.find_first_of("=; \t");
  return member.substr(0, end) == kMarker;
}

void copy_request_fields(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  const codec::HopByHop hop(in.headers);
  for (const Header h : in.headers) {
    if (is_ours_to_say(h.id, rules) || hop.covers(h)) continue;
    if (h.id == HeaderId::baggage) {
      const std::string rest = baggage_without_marker(h.value);
      if (!rest.empty()) out.headers.add(h.name, rest);
      continue;
    }
    out.headers.add(h);
  }
}

// The way so far, as one list, and who brought it.
void add_forwarded_for(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  if (rules.peer.empty()) return;
  std::string& way = codec::head_scratch();
  if (rules.peer_trusted && in.headers.find(HeaderId::x_forwarded_for)) {
    for (const Header h : in.headers) {
      if (h.id == HeaderId::x_forwarded_for && !h.value.empty()) way.append(h.value).append(", ");
    }
  }
  out.headers.add("x-forwarded-for", way.append(rules.peer));
}

void add_x_forwarded(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  add_forwarded_for(in, rules, out);
  const auto said = [&](HeaderId id) { return rules.peer_trusted && in.headers.find(id); };
  if (!in.authority.empty() && !said(HeaderId::x_forwarded_host)) {
    out.headers.add("x-forwarded-host", in.authority);
  }
  if (!said(HeaderId::x_forwarded_proto)) out.headers.add("x-forwarded-proto", rules.scheme);
}

}  // namespace

std::string baggage_without_marker(std::string_view list) {
  std::string rest;
  for_each_list_member(list, [&](std::string_view member) {
    if (is_marker(member)) return;
    if (!rest.empty()) rest.append(", ");
    rest.append(member);
  });
  return rest;
}

void forward_request(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  out.method = in.method;
  out.method_text = in.method_text;
  out.target = in.target;
  out.authority = in.authority;
  out.framing = in.framing;
  out.content_length = in.content_length;
  out.expect_continue = in.expect_continue;
  copy_request_fields(in, rules, out);
  if (rules.via) out.headers.add("via", "1.1 banyan");
  if (rules.x_forwarded) add_x_forwarded(in, rules, out);
}

void forward_response(const ResponseHead& in, bool via, ResponseHead& out) {
  out.status = in.status;
  out.reason = in.reason;
  out.framing = in.framing;
  out.content_length = in.content_length;
  const codec::HopByHop hop(in.headers);
  for (const Header h : in.headers) {
    if (h.id == HeaderId::content_length || hop.covers(h)) continue;
    out.headers.add(h);
  }
  if (via) out.headers.add("via", "1.1 banyan");
}

void mark_as_shadow(RequestHead& head, std::string_view migration) {
  head.headers.add("x-banyan-shadow", migration);
  head.headers.add("baggage", "banyan-shadow=1");
}

}  // namespace banyan::exchange
