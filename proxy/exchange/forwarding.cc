#include "proxy/exchange/forwarding.h"

#include "proxy/codec/framing.h"
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
      return true;
    case HeaderId::x_banyan_shadow:
      return !rules.keep_marker;
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

constexpr std::string_view kMaxForwards = "max-forwards";

bool counts_hops(const RequestHead& in, const Header& h) {
  return in.method == Method::options && equals_ignoring_case(h.name, kMaxForwards);
}

// HTTP/1.0 knows neither (RFC 9110 §10.1.1, RFC 9112 §7.1.2).
bool is_for_http11(const RequestHead& in, const Header& h) {
  return h.id == HeaderId::expect && in.version == HttpVersion::http10;
}

// Trailers pass, so whoever asked for them or announces them may say so to the next hop.
void add_trailer_fields(const RequestHead& in, RequestHead& out) {
  const bool takes_trailers = in.version != HttpVersion::http10 &&
                              in.headers.has_token(HeaderId::te, "trailers") &&
                              in.headers.has_token(HeaderId::connection, "te");
  if (takes_trailers) out.headers.add(HeaderId::te, "trailers");
}

void add_baggage(const RequestHead& in, const codec::HopByHop& hop, RequestHead& out) {
  for (const Header h : in.headers) {
    if (h.id != HeaderId::baggage || hop.covers(h)) continue;
    const std::string rest = baggage_without_marker(h.value);
    if (!rest.empty()) out.headers.add(h.name, rest);
  }
}

void announce_trailers(Framing framing, const Headers& in, Headers& out) {
  if (framing != Framing::chunked) return;
  for (const Header h : in) {
    if (h.id == HeaderId::trailer) out.add(h);
  }
}

void copy_request_fields(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  const codec::HopByHop hop(in.headers);
  const std::optional<std::uint64_t> hops = hops_left(in);
  const bool marker_is_dropped = !rules.keep_marker;
  out.headers.add_from(in.headers, [&](const Header& h) {
    const bool said_anew = is_ours_to_say(h.id, rules) || is_for_http11(in, h) ||
                           (h.id == HeaderId::baggage && marker_is_dropped) ||
                           (hops && counts_hops(in, h));
    const bool dropped = !rules.dropped.empty() && equals_ignoring_case(h.name, rules.dropped);
    return !said_anew && !dropped && !hop.covers(h);
  });
  if (marker_is_dropped && in.headers.has(HeaderId::baggage)) add_baggage(in, hop, out);
  if (hops && *hops > 0) out.headers.add(kMaxForwards, std::to_string(*hops - 1));
  add_trailer_fields(in, out);
  announce_trailers(in.framing, in.headers, out.headers);
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
  out.headers.add(HeaderId::x_forwarded_for, way.append(rules.peer));
}

void add_x_forwarded(const RequestHead& in, const ForwardRules& rules, RequestHead& out) {
  add_forwarded_for(in, rules, out);
  const auto said = [&](HeaderId id) { return rules.peer_trusted && in.headers.find(id); };
  if (!in.authority.empty() && !said(HeaderId::x_forwarded_host)) {
    out.headers.add(HeaderId::x_forwarded_host, in.authority);
  }
  if (!said(HeaderId::x_forwarded_proto))
    out.headers.add(HeaderId::x_forwarded_proto, rules.scheme);
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
  if (rules.via) out.headers.add(HeaderId::via, "1.1 banyan");
  if (rules.x_forwarded) add_x_forwarded(in, rules, out);
}

void forward_response(const ResponseHead& in, bool via, ResponseHead& out) {
  out.status = in.status;
  out.reason = in.reason;
  out.framing = in.framing;
  out.content_length = in.content_length;
  const codec::HopByHop hop(in.headers);
  out.headers.add_from(in.headers, [&](const Header& h) {
    return h.id != HeaderId::content_length && !hop.covers(h);
  });
  announce_trailers(in.framing, in.headers, out.headers);
  if (via) out.headers.add(HeaderId::via, "1.1 banyan");
}

}  // namespace banyan::exchange
