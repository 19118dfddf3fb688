#include "shadow/diff/grpc_fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

namespace banyan::shadow {
namespace {

constexpr std::string_view kStatus = "grpc-status";
constexpr std::string_view kMessage = "grpc-message";
constexpr std::array kOfStatus{kStatus, kMessage, std::string_view("grpc-status-details-bin")};

bool is_of_status(const Header& field) {
  return std::any_of(kOfStatus.begin(), kOfStatus.end(),
                     [&](std::string_view name) { return equals_ignoring_case(name, field.name); });
}

bool is_trailers_only(const CapturedResponse& response) {
  return response.trailers.empty() && response.body.empty() &&
         response.headers.find(kStatus).has_value();
}

// What %XX at `at` stands for.
std::optional<unsigned> escaped(std::string_view text, std::size_t at) {
  unsigned byte = 0;
  if (text[at] != '%' || text.size() - at < 3) return std::nullopt;
  const char* const end = text.data() + at + 3;
  return std::from_chars(end - 2, end, byte, 16).ptr == end ? std::optional(byte) : std::nullopt;
}

// As the protocol asks a server to write it: printable ASCII but % stays, all else is escaped.
std::string in_one_form(std::string_view message) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (std::size_t at = 0; at < message.size(); ++at) {
    const std::optional<unsigned> byte = escaped(message, at);
    const auto c =
        byte ? static_cast<unsigned char>(*byte) : static_cast<unsigned char>(message[at]);
    if (byte) at += 2;
    const bool stays = c >= 0x20 && c <= 0x7e && c != '%';
    if (stays) {
      out += static_cast<char>(c);
    } else {
      out.append({'%', kDigits[c >> 4U], kDigits[c & 0xfU]});
    }
  }
  return out;
}

bool has_succeeded(const CapturedResponse& response) {
  const Headers& fields = response.trailers.find(kStatus) ? response.trailers : response.headers;
  return fields.find(kStatus) == "0";
}

// No message, the message of a success, which nobody is shown, and a coding that is none.
bool says_nothing(const Header& field, bool succeeded) {
  if (equals_ignoring_case(field.name, kMessage)) return succeeded || field.value.empty();
  return equals_ignoring_case(field.name, "grpc-encoding") &&
         equals_ignoring_case(field.value, "identity");
}

void add_trailer(const Header& field, Headers& trailers) {
  if (equals_ignoring_case(field.name, kMessage)) {
    trailers.add(field.name, in_one_form(field.value));
  } else {
    trailers.add(field);
  }
}

GrpcFields fields_of(const CapturedResponse& response, const CapturedResponse& other) {
  const bool trailers_only = is_trailers_only(response);
  const bool succeeded = has_succeeded(response);
  GrpcFields fields;
  for (const Header field : response.headers) {
    if (says_nothing(field, succeeded)) continue;
    const bool is_trailer =
        is_of_status(field) || (trailers_only && other.trailers.find(field.name));
    is_trailer ? add_trailer(field, fields.trailers) : fields.headers.add(field);
  }
  for (const Header field : response.trailers) {
    if (!says_nothing(field, succeeded)) add_trailer(field, fields.trailers);
  }
  return fields;
}

}  // namespace

std::pair<GrpcFields, GrpcFields> grpc_fields(const CapturedResponse& left,
                                              const CapturedResponse& right) {
  return {fields_of(left, right), fields_of(right, left)};
}

}  // namespace banyan::shadow
