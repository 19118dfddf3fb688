#include "routing/jwt_claim.h"

#include <nlohmann/json.hpp>

namespace banyan::routing {
namespace {

constexpr std::string_view kScheme = "bearer ";

std::optional<std::string_view> bearer_of(const Headers& headers) {
  const auto value = headers.find(HeaderId::authorization);
  if (!value || value->size() <= kScheme.size() || value->size() > kTokenBytesMax) {
    return std::nullopt;
  }
  if (!equals_ignoring_case(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return value->substr(kScheme.size());
}

int digit_of(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '-' ? 62 : c == '_' ? 63 : -1;
}

// RFC 4648 §5, without padding (RFC 7515 §2).
bool decode_base64url(std::string_view text, std::string& out) {
  out.clear();
  unsigned bits = 0;
  unsigned count = 0;
  for (const char c : text) {
    const int digit = digit_of(c);
    if (digit < 0) return false;
    bits = (bits << 6U | static_cast<unsigned>(digit)) & 0xffffU;
    count += 6;
    if (count < 8) continue;
    count -= 8;
    out.push_back(static_cast<char>(bits >> count & 0xffU));
  }
  return count < 6;
}

// Keeps one member of the outermost object.
class Claim final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit Claim(std::string_view name) : name_(name) {}
  [[nodiscard]] std::optional<std::string>& value() { return value_; }

  bool null() override { return take(std::nullopt); }
  bool boolean(bool) override { return take(std::nullopt); }
  bool number_integer(std::int64_t number) override { return take(std::to_string(number)); }
  bool number_unsigned(std::uint64_t number) override { return take(std::to_string(number)); }
  bool number_float(double, const std::string& text) override { return take(text); }
  bool string(std::string& text) override { return take(std::move(text)); }
  bool binary(nlohmann::json::binary_t&) override { return false; }
  bool start_object(std::size_t) override { return open(); }
  bool start_array(std::size_t) override { return depth_ > 0 && open(); }
  bool end_object() override { return close(); }
  bool end_array() override { return close(); }
  bool key(std::string& name) override {
    is_wanted_ = depth_ == 1 && name == name_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  bool take(std::optional<std::string> value) {
    if (depth_ == 0) return false;  // claims are an object
    if (std::exchange(is_wanted_, false)) value_ = std::move(value);
    return true;
  }
  bool open() {
    if (std::exchange(is_wanted_, false)) value_.reset();
    ++depth_;
    return true;
  }
  bool close() {
    --depth_;
    return true;
  }

  std::string_view name_;
  std::optional<std::string> value_;
  std::size_t depth_ = 0;
  bool is_wanted_ = false;
};

}  // namespace

std::optional<std::string_view> jwt_claim(const Headers& headers, std::string_view name,
                                          std::string& scratch) {
  const auto token = bearer_of(headers);
  if (!token) return std::nullopt;
  const std::size_t first = token->find('.');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = token->find('.', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  if (!decode_base64url(token->substr(first + 1, second - first - 1), scratch)) {
    return std::nullopt;
  }
  Claim claim(name);
  if (!nlohmann::json::sax_parse(scratch, &claim) || !claim.value()) return std::nullopt;
  scratch = std::move(*claim.value());
  return scratch;
}

}  // namespace banyan::routing
