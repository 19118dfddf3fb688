#include "config/decode_sticky.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "config/block.h"

namespace banyan::config {
namespace {

using routing::StickySource;

constexpr Range kSources{0, 16};
constexpr Range kIpv4Bits{1, 32};
constexpr Range kIpv6Bits{1, 128};
constexpr std::uint64_t kDay = 24ULL * 3'600 * 1'000;
constexpr Range kLifetime{1'000, 400 * kDay};  // browsers keep no cookie longer

template <StickySource::Kind kKind>
void decode_field(const Cursor& cursor, StickySource& out) {
  out.kind = kKind;
  read_text(cursor, read_token, out.name);
}

template <StickySource::Kind kKind>
void decode_label(const Cursor& cursor, StickySource& out) {
  out.kind = kKind;
  read_text(cursor, read_label, out.name);
}

// client_ip

template <std::uint8_t StickySource::*kMember, Range kBits>
void decode_bits(const Cursor& cursor, StickySource& out) {
  std::uint64_t bits = 0;
  if (read(cursor, kBits, bits)) out.*kMember = static_cast<std::uint8_t>(bits);
}

constexpr std::array kClientKeys{
    Key<StickySource>{"ipv4_bits", decode_bits<&StickySource::ipv4_bits, kIpv4Bits>},
    Key<StickySource>{"ipv6_bits", decode_bits<&StickySource::ipv6_bits, kIpv6Bits>},
};

void decode_client_ip(const Cursor& cursor, StickySource& out) {
  out.kind = StickySource::Kind::client_ip;
  if (cursor.node.kind == Node::Kind::mapping) {
    decode_block<StickySource>(cursor, out, kClientKeys);
    return;
  }
  bool on = true;
  if (read(cursor, on) && !on) cursor.fail("can only be true");
}

// issue_cookie

struct DraftCookie {
  std::string name;
  Milliseconds lifetime{365 * kDay};
  std::string same_site = "lax";
  std::string path = "/";
  bool secure = true;
  bool http_only = true;
};

void decode_same_site(const Cursor& cursor, DraftCookie& out) {
  constexpr std::array<std::string_view, 3> kWords{"strict", "lax", "none"};
  read_one_of(cursor, kWords, out.same_site);
}

// RFC 6265 §4.1.1, without what a file could break out of the field with.
Read<std::string> read_cookie_path(std::string_view text) {
  const bool fits =
      text.starts_with('/') && text.size() <= kPathPrefixBytesMax &&
      std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~' && c != ';'; });
  if (fits) return std::string(text);
  return tl::unexpected<std::string>("not the path of a cookie, such as /shop");
}

constexpr std::array kCookieKeys{
    Key<DraftCookie>{"name", text<&DraftCookie::name, read_token>, Need::required},
    Key<DraftCookie>{"lifetime", duration<&DraftCookie::lifetime, kLifetime>},
    Key<DraftCookie>{"same_site", decode_same_site},
    Key<DraftCookie>{"path", text<&DraftCookie::path, read_cookie_path>},
    Key<DraftCookie>{"secure", boolean<&DraftCookie::secure>},
    Key<DraftCookie>{"http_only", boolean<&DraftCookie::http_only>},
};

std::string attributes_of(const DraftCookie& cookie) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(cookie.lifetime);
  std::string same_site = cookie.same_site;
  same_site[0] = static_cast<char>(same_site[0] - 'a' + 'A');
  return fmt::format("; Path={}; Max-Age={}; SameSite={}{}{}", cookie.path, seconds.count(),
                     same_site, cookie.secure ? "; Secure" : "",
                     cookie.http_only ? "; HttpOnly" : "");
}

void decode_issue_cookie(const Cursor& cursor, StickySource& out) {
  out.kind = StickySource::Kind::issue_cookie;
  DraftCookie cookie;
  if (!decode_block<DraftCookie>(cursor, cookie, kCookieKeys)) return;
  if (cookie.same_site == "none" && !cookie.secure) {
    cursor.fail("same_site: none needs secure: true, browsers drop the cookie else");
  }
  out.name = cookie.name;
  out.attributes = attributes_of(cookie);
}

constexpr std::array kSourceKeys{
    Key<StickySource>{"header", decode_field<StickySource::Kind::header>},
    Key<StickySource>{"cookie", decode_field<StickySource::Kind::cookie>},
    Key<StickySource>{"query", decode_label<StickySource::Kind::query>},
    Key<StickySource>{"client_ip", decode_client_ip, Need::optional, in_block<kClientKeys>},
    Key<StickySource>{"jwt_claim", decode_label<StickySource::Kind::jwt_claim>},
    Key<StickySource>{"issue_cookie", decode_issue_cookie, Need::optional, in_block<kCookieKeys>},
};

}  // namespace

void decode_sticky(const Cursor& cursor, DraftMigration& out) {
  if (!check_sequence(cursor, kSources)) return;
  for (std::size_t i = 0; i < cursor.node.items.size(); ++i) {
    const Cursor item = cursor.item(i);
    StickySource source;
    if (!decode_block<StickySource>(item, source, kSourceKeys)) continue;
    if (item.node.items.size() != 1) {
      item.fail(
          "needs exactly one of header, cookie, query, client_ip, jwt_claim and issue_cookie");
    }
    if (source.kind == StickySource::Kind::issue_cookie && out.route.issued_cookie() != nullptr) {
      item.fail("a second issue_cookie: one is enough to know a user again");
    }
    out.route.sticky.push_back(std::move(source));
  }
}

void list_sticky_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_items<kSourceKeys>(prefix, paths);
}

}  // namespace banyan::config
