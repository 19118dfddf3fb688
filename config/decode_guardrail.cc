#include "config/decode_guardrail.h"

#include <array>

namespace banyan::config {
namespace {

using routing::guard::Settings;

constexpr Range kWindow{1'000, 60 * 60 * 1'000};
constexpr Range kRequests{1, 1'000'000};
constexpr std::uint32_t kRatioMin = 1'000;  // thousandths
constexpr std::uint32_t kMismatchesMin = 1;

void decode_increase(const Cursor& cursor, Settings& out) {
  read_percent(cursor, out.max_error_rate_increase.millipercent);
}

void decode_ratio(const Cursor& cursor, Settings& out) {
  const auto ratio = read_percent(cursor.node.text);
  if (!cursor.node.is_number() || !ratio || ratio->millipercent < kRatioMin) {
    cursor.fail("expected a number from 1 to 100, with at most three decimals");
    return;
  }
  out.max_p99_ratio = ratio->millipercent;
}

void decode_mismatch_rate(const Cursor& cursor, Settings& out) {
  std::uint32_t rate = 0;
  if (!read_percent(cursor, rate)) return;
  if (rate < kMismatchesMin) {
    cursor.fail("must be at least 0.001: one mismatch would be enough");
    return;
  }
  out.max_mismatch_rate.millipercent = rate;
}

void decode_mismatch_direction(const Cursor& cursor, Settings& out) {
  constexpr std::array<std::string_view, 2> kWords{"to_monolith", "to_legacy"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.mismatch_shadow = word == "to_monolith" ? Arm::monolith : Arm::legacy;
}

void decode_on_trip(const Cursor& cursor, Settings& out) {
  constexpr std::array<std::string_view, 2> kWords{"flag", "migration"};
  std::string word;
  if (!read_one_of(cursor, kWords, word)) return;
  out.on_trip = word == "flag" ? routing::guard::OnTrip::flag : routing::guard::OnTrip::migration;
}

constexpr std::array kGuardrailKeys{
    Key<Settings>{"window", duration<&Settings::window, kWindow>},
    Key<Settings>{"min_requests", count<&Settings::min_requests, kRequests>},
    Key<Settings>{"max_error_rate_increase", decode_increase},
    Key<Settings>{"max_p99_ratio", decode_ratio},
    Key<Settings>{"max_mismatch_rate", decode_mismatch_rate},
    Key<Settings>{"mismatch_direction", decode_mismatch_direction},
    Key<Settings>{"on_trip", decode_on_trip},
};

}  // namespace

void decode_guardrail(const Cursor& cursor, DraftMigration& out) {
  if (is_word(cursor.node, "off")) {
    out.migration.guardrail.reset();
  } else if (cursor.node.kind != Node::Kind::mapping) {
    cursor.fail_type("off or a mapping");
  } else {
    decode_block<Settings>(cursor, *out.migration.guardrail, kGuardrailKeys);
  }
}

void list_guardrail_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kGuardrailKeys>(prefix, paths);
}

}  // namespace banyan::config
