// proxy/control/admin_target.h: the target of an admin request, taken apart; and who may ask. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace banyan::control {

struct AdminTarget {
  std::vector<std::string> segments;  // of the path, percent-decoded
  // Percent-decoded, `+` is a space; a key may come several times.
  std::multimap<std::string, std::string> query;

  // Nothing where an escape is broken or the path does not begin with '/'.
  [[nodiscard]] static std::optional<AdminTarget> parse(std::string_view target);
  [[nodiscard]] std::vector<std::string> all(const std::string& key) const;
  [[nodiscard]] std::optional<std::string> first(const std::string& key) const;
  // The segments in `{}` of `pattern`, where the path has its shape.
  [[nodiscard]] std::optional<std::vector<std::string>> match(std::string_view pattern) const;
};

// `[::1]:9901` -> `::1`, `Shop.Test.:80` -> `shop.test`: no port, no brackets, lower case.
[[nodiscard]] std::string host_of_authority(std::string_view authority);
// A name or an address that only this machine answers to: localhost, *.localhost, 127.0.0.0/8,
// ::1; with any port. Keeps a web page that rebinds its own name to 127.0.0.1 out.
[[nodiscard]] bool is_loopback_authority(std::string_view authority);
// An Origin (RFC 6454 §7) is that of `authority` itself. `null` is of nobody.
[[nodiscard]] bool origin_agrees(std::string_view origin, std::string_view authority);

}  // namespace banyan::control
