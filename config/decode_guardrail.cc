#include "config/decode_guardrail.h"

#include <array>

#include "config/decode_webhook.h"

namespace banyan::config {
namespace {

struct DraftGuardrail : routing::guard::Settings {
  std::optional<DraftWebhook> webhook;
};
using routing::guard::Settings;

constexpr Range kWindow{1'000, 60 * 60 * 1'000};
constexpr Range kRequests{1, 1'000'000};
constexpr std::uint32_t kRatioMin = 1'000;  // thousandths
constexpr std::uint32_t kMismatchesMin = 1;

void decode_increase(const Cursor& cursor, DraftGuardrail& out) {
  read_percent(cursor, out.max_error_rate_increase.millipercent);
}

void decode_ratio(const Cursor& cursor, DraftGuardrail& out) {
  const auto ratio = read_percent(cursor.node.text);
  if (!cursor.node.is_number() || !ratio || ratio->millipercent < kRatioMin) {
    cursor.fail("expected a number from 1 to 100, with at most three decimals");
    return;
  }
  out.max_p99_ratio = ratio->millipercent;
}

void decode_mismatch_rate(const Cursor& cursor, DraftGuardrail& out) {
  std::uint32_t rate = 0;
  if (!read_percent(cursor, rate)) return;
  if (rate < kMismatchesMin) {
    cursor.fail("must be at least 0.001: one mismatch would be enough");
    return;
  }
  out.max_mismatch_rate.millipercent = rate;
}

void decode_mismatch_direction(const Cursor& cursor, DraftGuardrail& out) {
  constexpr std::array<std::string_view, 2> kWords{"to_monolith", "to_legacy"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.mismatch_shadow = word == "to_monolith" ? Arm::monolith : Arm::legacy;
}

void decode_on_trip(const Cursor& cursor, DraftGuardrail& out) {
  constexpr std::array<std::string_view, 2> kWords{"flag", "migration"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.on_trip = word == "flag" ? routing::guard::OnTrip::flag : routing::guard::OnTrip::migration;
}

void decode_webhook_of(const Cursor& cursor, DraftGuardrail& out) {
  decode_webhook(cursor, out.webhook);
}

constexpr std::array kGuardrailKeys{
    Key<DraftGuardrail>{"window", duration<&Settings::window, kWindow>},
    Key<DraftGuardrail>{"min_requests", count<&Settings::min_requests, kRequests>},
    Key<DraftGuardrail>{"max_error_rate_increase", decode_increase},
    Key<DraftGuardrail>{"max_p99_ratio", decode_ratio},
    Key<DraftGuardrail>{"max_mismatch_rate", decode_mismatch_rate},
    Key<DraftGuardrail>{"mismatch_direction", decode_mismatch_direction},
    Key<DraftGuardrail>{"on_trip", decode_on_trip},
    Key<DraftGuardrail>{"webhook", decode_webhook_of, Need::optional, list_webhook_keys},
};

}  // namespace

void decode_guardrail(const Cursor& cursor, DraftMigration& out) {
  if (is_word(cursor.node, "off")) {
    out.migration.guardrail.reset();
  } else if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("off or a mapping");
  } else {
    DraftGuardrail draft;
    decode_block<DraftGuardrail>(cursor, draft, kGuardrailKeys);
    out.webhook = std::move(draft.webhook);
    out.migration.guardrail = std::move(draft);
  }
}

void list_guardrail_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kGuardrailKeys>(prefix, paths);
}

}  // namespace banyan::config
