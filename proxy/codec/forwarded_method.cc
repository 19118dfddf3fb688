#include "proxy/codec/forwarded_method.h"

#include <algorithm>
#include <array>

namespace banyan::codec {
namespace {

// Besides those that RFC 9110 defines: WebDAV and its relatives, and what caches and UPnP ask.
constexpr std::array<std::string_view, 25> kForwardedMethods{
    "ACL",       "BIND",       "CHECKOUT",   "COPY",       "LINK",   "LOCK",   "M-SEARCH",
    "MERGE",     "MKACTIVITY", "MKCALENDAR", "MKCOL",      "MOVE",   "NOTIFY", "PROPFIND",
    "PROPPATCH", "PURGE",      "REBIND",     "REPORT",     "SEARCH", "SOURCE", "SUBSCRIBE",
    "UNBIND",    "UNLINK",     "UNLOCK",     "UNSUBSCRIBE"};

static_assert(std::is_sorted(kForwardedMethods.begin(), kForwardedMethods.end()));

}  // namespace

bool is_forwarded(const RequestHead& head) {
  if (head.method == Method::connect || head.method == Method::trace) return false;
  return head.method != Method::other ||
         std::binary_search(kForwardedMethods.begin(), kForwardedMethods.end(),
                            std::string_view(head.method_text));
}

}  // namespace banyan::codec
