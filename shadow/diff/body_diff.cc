#include "shadow/diff/body_diff.h"

#include <optional>
#include <string>
#include <utility>

#include "shadow/diff/content_coding.h"
#include "shadow/diff/form_diff.h"
#include "shadow/diff/grpc_diff.h"
#include "shadow/diff/header_value.h"
#include "shadow/diff/json_diff.h"
#include "shadow/diff/json_sequence.h"
#include "shadow/diff/json_tape.h"
#include "shadow/diff/multipart_diff.h"
#include "shadow/diff/proto_schema.h"
#include "shadow/diff/text_diff.h"
#include "shadow/diff/wire_reader.h"

namespace banyan::shadow {
namespace {

// What a comparison thread keeps between two pairs, for each side.
constexpr std::size_t kKeptBytesMax = std::size_t{1} << 20;

constexpr std::string_view kInvalidJson = "invalid_json";
constexpr std::string_view kJsonOverLimit = "json_over_limit";
constexpr std::string_view kInvalidForm = "invalid_form";
constexpr std::string_view kInvalidMultipart = "invalid_multipart";
constexpr std::string_view kInvalidGrpc = "invalid_grpc";
constexpr std::string_view kInvalidProtobuf = "invalid_protobuf";
constexpr std::string_view kInvalidUtf8 = "invalid_utf8";

// What a body is, by its own word: `application/x-protobuf; messageType="shop.Order"`.
const ProtoSchema::Message* message_of(std::string_view content_type, const Findings& findings) {
  const ProtoSchema* const schema = findings.schema();
  if (schema == nullptr) return nullptr;
  return schema->message(parameter_of(content_type, "messagetype"));
}

// Two bodies without their codings, tried as one kind after the other.
class BodyComparison {
 public:
  BodyComparison(const Content& left, const Content& right, Findings& findings)
      : left_(left),
        right_(right),
        left_kind_(left.kind()),
        right_kind_(right.kind()),
        findings_(findings) {}

  void run() {
    if (may_be_json() && as_json()) return;
    if (is_either(BodyKind::form) && as_form()) return;
    if (is_either(BodyKind::multipart) && as_multipart()) return;
    if (is_either(BodyKind::protobuf) && as_protobuf()) return;
    as_text();
  }

 private:
  [[nodiscard]] bool is_either(BodyKind kind) const {
    return left_kind_ == kind || right_kind_ == kind;
  }
  [[nodiscard]] bool may_be_json() const {
    if (is_either(BodyKind::json) || is_either(BodyKind::json_sequence)) return true;
    const bool untyped = left_kind_ == BodyKind::unknown && right_kind_ == BodyKind::unknown;
    return untyped && begins_as_container(left_.bytes) && begins_as_container(right_.bytes);
  }

  bool as_json() {
    thread_local JsonTape left;
    thread_local JsonTape right;
    const bool done = with_tapes(left, right);
    left.shrink(kKeptBytesMax);
    right.shrink(kKeptBytesMax);
    return done;
  }
  bool with_tapes(JsonTape& left, JsonTape& right) {
    JsonReading a = JsonReading::invalid;
    JsonReading b = JsonReading::invalid;
    if (!is_either(BodyKind::json_sequence)) {
      a = left.read(left_.bytes);
      b = right.read(right_.bytes);
      if (compared("json", a, b, left, right)) return true;
    }
    if (a != JsonReading::over_limit) a = read_json_sequence(left_.bytes, left);
    if (b != JsonReading::over_limit) b = read_json_sequence(right_.bytes, right);
    if (compared("json_sequence", a, b, left, right)) return true;
    findings_.problems(problem_of(a), problem_of(b));
    return false;
  }
  static std::string_view problem_of(JsonReading reading) {
    if (reading == JsonReading::done) return "";
    return reading == JsonReading::invalid ? kInvalidJson : kJsonOverLimit;
  }
  // Where both are over a limit of ours, that they differ in bytes says nothing.
  bool compared(std::string_view kind, JsonReading a, JsonReading b, const JsonTape& left,
                const JsonTape& right) {
    const bool over_limit = a == JsonReading::over_limit && b == JsonReading::over_limit;
    const bool done = a == JsonReading::done && b == JsonReading::done;
    if (!over_limit && !done) return false;
    findings_.read_as(kind);
    if (done) compare_json(left, right, findings_);
    if (over_limit) {
      findings_.problems(kJsonOverLimit, kJsonOverLimit);
      findings_.body_over_limit();
    }
    return true;
  }

  bool as_form() {
    findings_.read_as("form");
    if (compare_as_form(left_.bytes, right_.bytes, findings_)) return true;
    findings_.problems(is_form(left_.bytes) ? "" : kInvalidForm,
                       is_form(right_.bytes) ? "" : kInvalidForm);
    return false;
  }

  bool as_multipart() {
    findings_.read_as("multipart");
    if (compare_as_multipart(left_, right_, findings_)) return true;
    findings_.problems(is_multipart(left_) ? "" : kInvalidMultipart,
                       is_multipart(right_) ? "" : kInvalidMultipart);
    return false;
  }

  bool as_protobuf() {
    findings_.read_as("protobuf");
    if (findings_.awaits_schema()) {
      findings_.not_described();
      return true;
    }
    const ProtoSchema::Message* message = message_of(left_.type, findings_);
    if (message == nullptr) message = message_of(right_.type, findings_);
    if (compare_as_proto(left_.bytes, right_.bytes, message, findings_)) return true;
    findings_.problems(is_wire_message(left_.bytes) ? "" : kInvalidProtobuf,
                       is_wire_message(right_.bytes) ? "" : kInvalidProtobuf);
    findings_.show_values();
    return false;
  }

  void as_text() {
    const bool says_text = is_either(BodyKind::text);
    if (says_text) {
      findings_.problems(is_text(left_.bytes) ? "" : kInvalidUtf8,
                         is_text(right_.bytes) ? "" : kInvalidUtf8);
    }
    findings_.read_as("text");
    if (compare_lines(left_.bytes, right_.bytes, findings_)) return;
    if (!is_text(left_.bytes) || !is_text(right_.bytes)) findings_.read_as("bytes");
    compare_bytes(left_.bytes, right_.bytes, findings_);
  }

  const Content& left_;
  const Content& right_;
  const BodyKind left_kind_;
  const BodyKind right_kind_;
  Findings& findings_;
};

std::string_view type_of(const CapturedResponse& response) {
  return response.headers.find(HeaderId::content_type).value_or("");
}

bool is_our_limit(std::string_view problem) {
  return problem == kDecodedTooLarge || problem == kDecodedRatio;
}

// Points to the body itself where it has no coding.
struct Plain {
  Decoded decoded;
  std::string_view bytes;

  explicit Plain(const CapturedResponse& response) : bytes(response.body) {
    const std::string codings = codings_of(response);
    if (codings.empty()) return;
    decoded = shadow::decoded(codings, response.body);
    if (decoded.problem.empty()) bytes = decoded.body;
  }
};

}  // namespace

std::string codings_of(const CapturedResponse& response) {
  std::string codings;
  response.headers.for_each(HeaderId::content_encoding, [&codings](std::string_view value) {
    if (!codings.empty()) codings += ',';
    codings += value;
  });
  return codings;
}

bool have_known_codings(const CapturedResponse& left, const CapturedResponse& right) {
  if (codings_of(left) == codings_of(right)) return true;
  return Plain(left).decoded.problem.empty() && Plain(right).decoded.problem.empty();
}

void compare_part(const Content& left, const Content& right, Findings& findings) {
  const bool nested = left.kind() == BodyKind::multipart || right.kind() == BodyKind::multipart;
  if (nested) {
    if (!compare_lines(left.bytes, right.bytes, findings)) {
      compare_bytes(left.bytes, right.bytes, findings);
    }
    return;
  }
  BodyComparison(left, right, findings).run();
}

void compare_bodies(const CapturedResponse& left, const CapturedResponse& right, Findings& findings,
                    std::string_view target) {
  if (left.body == right.body) return;
  if (is_grpc(left) && is_grpc(right)) {
    findings.read_as("grpc");
    if (findings.awaits_schema()) return findings.not_described();
    const ProtoSchema* const schema = findings.schema();
    const ProtoSchema::Message* message = schema != nullptr ? schema->answer_of(target) : nullptr;
    if (message == nullptr) message = message_of(type_of(left), findings);
    if (compare_as_grpc(left, right, message, findings)) return;
    findings.problems(is_grpc_framed(left.body) ? "" : kInvalidGrpc,
                      is_grpc_framed(right.body) ? "" : kInvalidGrpc);
  }
  const Plain a(left);
  const Plain b(right);
  if (!a.decoded.problem.empty() || !b.decoded.problem.empty()) {
    findings.read_as("bytes");
    findings.problems(a.decoded.problem, b.decoded.problem);
    if (is_our_limit(a.decoded.problem) && is_our_limit(b.decoded.problem)) {
      findings.body_over_limit();
      return;
    }
    compare_bytes(left.body, right.body, findings);
    return;
  }
  if (a.bytes == b.bytes) return;
  BodyComparison(Content{type_of(left), a.bytes}, Content{type_of(right), b.bytes}, findings).run();
}

}  // namespace banyan::shadow
