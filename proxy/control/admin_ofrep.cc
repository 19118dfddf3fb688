// The OpenFeature Remote Evaluation Protocol: what applications ask about flags.
#include "proxy/control/admin_call.h"
#include "routing/flag_definition.h"

namespace banyan::control {
namespace {

using nlohmann::json;
using routing::FlagOutcome;
using routing::Value;

constexpr std::size_t kNameDepthMax = 64;

// The context of a question, a document of any shape.
class ContextVariables final : public routing::Variables {
 public:
  ContextVariables(const json& context, const std::string& flag) : context_(context), flag_(flag) {}

  [[nodiscard]] Value find(std::string_view name, routing::LogicScratch& scratch) const override {
    if (name == "$flagd.flagKey") return Value::of(std::string_view(flag_));
    const json* const found = member_at(name);
    return found == nullptr ? Value{} : value_of(*found, scratch, 0);
  }

 private:
  [[nodiscard]] static const json* item_named(const json& within, const std::string& name) {
    if (within.is_object()) {
      const auto found = within.find(name);
      return found == within.end() ? nullptr : &*found;
    }
    const bool is_index = within.is_array() && !name.empty() && name.size() < 9 &&
                          name.find_first_not_of("0123456789") == std::string::npos;
    if (!is_index || std::stoul(name) >= within.size()) return nullptr;
    return &within[std::stoul(name)];
  }

  // A member whose own name has dots comes first: `headers.x-a.b` is asked of requests so.
  [[nodiscard]] const json* member_at(std::string_view name) const {
    if (name.empty()) return &context_;
    const json* at = &context_;
    while (at != nullptr) {
      if (const json* const whole = item_named(*at, std::string(name))) return whole;
      const std::size_t dot = name.find('.');
      if (dot == std::string_view::npos) return nullptr;
      at = item_named(*at, std::string(name.substr(0, dot)));
      name.remove_prefix(dot + 1);
    }
    return nullptr;
  }

  static Value value_of(const json& from, routing::LogicScratch& scratch, std::size_t depth) {
    if (from.is_boolean()) return Value::of(from.get<bool>());
    if (from.is_number()) return Value::of(from.get<double>());
    if (from.is_string()) {
      const auto kept = scratch.keep(from.get_ref<const std::string&>());
      return kept ? Value::of(*kept) : Value{};
    }
    if (from.is_object()) return Value::object();
    if (!from.is_array() || depth > kNameDepthMax) return {};
    const auto items = scratch.values(from.size());
    for (std::size_t i = 0; i < items.size(); ++i) items[i] = value_of(from[i], scratch, depth + 1);
    return Value::of(std::span<const Value>(items));
  }

  const json& context_;
  const std::string& flag_;
};

struct Answer {
  Arm arm = Arm::legacy;
  std::string variant;
  const char* reason = "STATIC";
};

Answer answer_of(Arm arm, const char* reason) { return {arm, std::string(to_string(arm)), reason}; }

// As the short form decides: without a key legacy.
Answer by_share(const FlagView& view, const json& context) {
  if (view.share == routing::kNobody) return answer_of(Arm::legacy, "STATIC");
  if (view.share == routing::kEverybody) return answer_of(Arm::monolith, "STATIC");
  const json key = context.value("targetingKey", json());
  if (!key.is_string() || key.get_ref<const std::string&>().empty()) {
    return answer_of(Arm::legacy, "DEFAULT");
  }
  const auto bucket = routing::bucket_of(view.name, key.get_ref<const std::string&>());
  return answer_of(routing::arm_of(bucket, view.share), "SPLIT");
}

const char* reason_of(FlagOutcome outcome) {
  switch (outcome) {
    case FlagOutcome::disabled:
      return "DISABLED";
    case FlagOutcome::fixed:
      return "STATIC";
    case FlagOutcome::targeting:
      return "TARGETING_MATCH";
    case FlagOutcome::otherwise:
    case FlagOutcome::no_key:
      return "DEFAULT";
    case FlagOutcome::unusable:
      return "ERROR";
  }
  return "UNKNOWN";
}

Answer by_definition(const FlagView& view, const json& context) {
  routing::LogicScratch scratch;
  const routing::FlagDefinition& flag = *view.definition;
  const auto found = flag.evaluate(ContextVariables(context, view.name), scratch);
  Answer answer = answer_of(found.arm, reason_of(found.outcome));
  if (found.variant) answer.variant = flag.variants[*found.variant].name;
  return answer;
}

// All that follow it are rolled back: nobody is on the monolith, whatever the flag says.
bool is_latched(const Switchboard& switches, const FlagView& view) {
  return !view.migrations.empty() &&
         std::all_of(view.migrations.begin(), view.migrations.end(),
                     [&](const std::string& name) { return switches.latch(name).has_value(); });
}

json evaluation(const Switchboard& switches, const FlagView& view, const json& context) {
  const bool latched = is_latched(switches, view);
  const Answer answer = latched                   ? answer_of(Arm::legacy, "DISABLED")
                        : view.is_by_definition() ? by_definition(view, context)
                                                  : by_share(view, context);
  return {{"key", view.name},
          {"value", std::string(to_string(answer.arm))},
          {"variant", answer.variant},
          {"reason", answer.reason},
          {"metadata", {{"origin", routing::to_string(view.origin)}, {"latched", latched}}}};
}

// The context of the question, or an answer that says what is wrong with it.
Result<json, json> context_of(const AdminRequest& request) {
  const json body = json::parse(request.body, nullptr, false);
  const auto failed = [](const char* code, const char* details) {
    return tl::unexpected(json{{"errorCode", code}, {"errorDetails", details}});
  };
  if (body.is_discarded()) return failed("PARSE_ERROR", "the body is no JSON");
  if (!body.is_object()) return failed("PARSE_ERROR", "the body is no JSON object");
  const json context = body.value("context", json::object());
  if (context.is_null()) return json::object();
  if (!context.is_object()) return failed("INVALID_CONTEXT", "context: not an object");
  const json key = context.value("targetingKey", json());
  if (!key.is_null() && !key.is_string()) {
    return failed("INVALID_CONTEXT", "context.targetingKey: not a text");
  }
  return context;
}

// RFC 9110 §13.1.2, with the weak comparison.
bool is_known(const AdminRequest& request, const std::string& etag) {
  bool known = false;
  for_each_list_member(request.if_none_match.value_or(""), [&](std::string_view tag) {
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    known |= tag == "*" || tag == etag;
  });
  return known;
}

}  // namespace

void AdminApi::ofrep_flag(const Call& call) {
  const std::string& key = call.names[0];
  const auto view = parts_.switches.flag(key);
  if (!view) {
    return call.reply(json_response(
        {{"key", key}, {"errorCode", "FLAG_NOT_FOUND"}, {"errorDetails", "there is no such flag"}},
        404));
  }
  auto context = context_of(call.request);
  if (!context) {
    context.error()["key"] = key;
    return call.reply(json_response(context.error(), 400));
  }
  call.reply(json_response(evaluation(parts_.switches, *view, *context)));
}

void AdminApi::ofrep_flags(const Call& call) {
  const auto context = context_of(call.request);
  if (!context) return call.reply(json_response(context.error(), 400));
  json all = json::array();
  for (const FlagView& view : parts_.switches.flags()) {
    all.push_back(evaluation(parts_.switches, view, *context));
  }
  const std::string etag = etag_of(all);
  AdminResponse response;
  if (is_known(call.request, etag)) {
    response.status = 304;
  } else {
    response = json_response({{"flags", std::move(all)}});
  }
  response.headers.emplace_back("etag", etag);
  call.reply(std::move(response));
}

}  // namespace banyan::control
