#include "proxy/exchange/forwarding.h"

#include "proxy/codec/framing.h"
#include "proxy/codec/head_writer.h"
#include "proxy/codec/hop_by_hop.h"

namespace banyan::exchange {
namespace {

constexpr std::string_view kMarker = "banyan-shadow";

// What does not go on as it came: the fields of this hop, what this hop says itself, and what only
// Banyan may say.
HeaderIds not_copied(const RequestHead& in, const ForwardRules& rules) {
  HeaderIds ids = codec::kHopByHop;
  ids.add({HeaderId::host, HeaderId::content_length});
  if (!rules.keep_marker) ids.add({HeaderId::x_banyan_shadow, HeaderId::baggage});
  if (!rules.peer_trusted || rules.x_forwarded) ids.add(HeaderId::x_forwarded_for);
  if (!rules.peer_trusted) {
    ids.add({HeaderId::forwarded, HeaderId::x_forwarded_host, HeaderId::x_forwarded_proto});
  }
  // HTTP/1.0 does not know it (RFC 9110 §10.1.1).
  if (in.version == HttpVersion::http10) ids.add(HeaderId::expect);
  return ids;
}

bool is_marker(std::string_view member) {
  const std::size_t end = member.find_first_of("=; \t");
  return member.substr(0, end) == kMarker;
}

constexpr std::string_view kMaxForwards = "max-forwards";

bool counts_hops(const RequestHead& in, const Header& h) {
  return in.method == Method::options && equals_ignoring_case(h.name, kMaxForwards);
}

// Trailers pass, so whoever asked for them or announces them may say so to the next hop.
void add_trailer_fields(const RequestHead& in, RequestHead& out) {
  // HTTP/2 has no Connection to say that TE is for this hop (RFC 9113 §8.2.2).
  const bool takes_trailers =
      in.version != HttpVersion::http10 && in.headers.has_token(HeaderId::te, "trailers") &&
      (in.version == HttpVersion::http2 || in.headers.has_token(HeaderId::connection, "te"));
  if (takes_trailers) out.headers.add(HeaderId::te, "trailers");
}

void add_baggage(const RequestHead& in, const codec::HopByHop& hop, RequestHead& out) {
  for (const Header h : in.headers) {
    if (h.id != HeaderId::baggage || hop.covers(h)) continue;
    const std::string rest = baggage_without_marker(h.value);
    if (!rest.empty()) out.headers.add(h.name, rest);
  }
}

void announce_trailers(const RequestHead& in, Headers& out) {
  if (in.framing != Framing::chunked || !in.headers.has(HeaderId::trailer)) return;
  out.add_from(in.headers, [](const Header& h) { return h.id == HeaderId::trailer; });
}

void copy_request_fields(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  const codec::HopByHop hop(in.headers);
  const std::optional<std::uint64_t> hops = hops_left(in);
  const HeaderIds without = not_copied(in, rules);
  if (!hop.names_others() && rules.dropped.empty() && !hops) {
    out.headers.add_from(in.headers, without);
  } else {  // some go by their names
    out.headers.add_from(in.headers, [&](const Header& h) {
      const bool dropped = !rules.dropped.empty() && equals_ignoring_case(h.name, rules.dropped);
      return !without.has(h.id) && !dropped && !hop.covers(h) && !(hops && counts_hops(in, h));
    });
  }
  if (!rules.keep_marker && in.headers.has(HeaderId::baggage)) add_baggage(in, hop, out);
  if (hops && *hops > 0) out.headers.add(kMaxForwards, std::to_string(*hops - 1));
  add_trailer_fields(in, out);
  announce_trailers(in, out.headers);
}

// The protocol by which the message came here (RFC 9110 §7.6.3).
std::string_view via_of(HttpVersion received) {
  return received == HttpVersion::http2 ? "2.0 banyan" : "1.1 banyan";
}

// The way so far, as one list, and who brought it.
void add_forwarded_for(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  if (rules.peer.empty()) return;
  if (!rules.peer_trusted || !in.headers.has(HeaderId::x_forwarded_for)) {
    return out.headers.add_line(HeaderId::x_forwarded_for, rules.peer);
  }
  TextBuffer& way = codec::head_scratch();
  in.headers.for_each(HeaderId::x_forwarded_for, [&](std::string_view value) {
    if (value.empty()) return;
    way.append(value);
    way.append(", ");
  });
  way.append(rules.peer);
  out.headers.add(HeaderId::x_forwarded_for, way.view());
}

void add_x_forwarded(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  add_forwarded_for(in, rules, out);
  const auto said = [&](HeaderId id) { return rules.peer_trusted && in.headers.has(id); };
  if (!in.authority.empty() && !said(HeaderId::x_forwarded_host)) {
    out.headers.add_line(HeaderId::x_forwarded_host, in.authority);
  }
  if (!said(HeaderId::x_forwarded_proto))
    out.headers.add_line(HeaderId::x_forwarded_proto, rules.scheme);
}

}  // namespace

bool is_marked(const Headers& headers) {
  if (headers.find(HeaderId::x_banyan_shadow)) return true;
  if (!headers.find(HeaderId::baggage)) return false;
  bool found = false;
  for (const Header h : headers) {
    if (h.id != HeaderId::baggage) continue;
    for_each_list_member(h.value,
                         [&](std::string_view member) { found = found || is_marker(member); });
  }
  return found;
}

std::string baggage_without_marker(std::string_view list) {
  std::string rest;
  for_each_list_member(list, [&](std::string_view member) {
    if (is_marker(member)) return;
    if (!rest.empty()) rest.append(", ");
    rest.append(member);
  });
  return rest;
}

std::optional<std::uint64_t> hops_left(const RequestHead& in) {
  if (in.method != Method::options) return std::nullopt;
  const std::optional<std::string_view> told = in.headers.find(kMaxForwards);
  return told ? codec::parse_content_length(*told) : std::nullopt;
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
  if (rules.via) out.headers.add(HeaderId::via, via_of(in.version));
  if (rules.x_forwarded) add_x_forwarded(in, rules, out);
}

void forward_response(ResponseHead& head, bool via) {
  HeaderIds without = codec::kHopByHop;
  without.add(HeaderId::content_length);
  if (head.framing == Framing::chunked) without = without.without({HeaderId::trailer});
  if (const codec::HopByHop hop(head.headers); hop.names_others()) {
    Headers passing;  // what Connection says is asked of all fields until the last is looked at
    passing.add_from(head.headers, [&](const Header& h) {
      return !without.has(h.id) && (h.id == HeaderId::trailer || !hop.covers(h));
    });
    head.headers.swap(passing);
  } else {
    head.headers.remove(without);
  }
  if (via) head.headers.add(HeaderId::via, via_of(head.version));
}

}  // namespace banyan::exchange
