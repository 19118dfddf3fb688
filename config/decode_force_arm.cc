#include "config/decode_force_arm.h"

#include <array>
#include <string>

#include "base/headers.h"

namespace banyan::config {
namespace {

constexpr Range kNetworks{1, 256};

void decode_header(const Cursor& cursor, DraftListener& out) {
  std::string& name = out.listener.force_arm->header;
  if (!read_text(cursor, read_token, name)) return;
  const HeaderId id = header_id(name);
  if (id != HeaderId::other && !kOnlyCommon.has(id)) {
    cursor.fail(name + " has a meaning of its own");
  }
}

void decode_secret_file(const Cursor& cursor, DraftListener& out) {
  read_word(cursor, read_file_path, out.secret_file);
}

void decode_from(const Cursor& cursor, DraftListener& out) {
  read_networks(cursor, kNetworks, out.listener.force_arm->from);
}

constexpr std::array kForceArmKeys{
    Key<DraftListener>{"header", decode_header, Need::required},
    Key<DraftListener>{"secret_file", decode_secret_file, Need::required},
    Key<DraftListener>{"from", decode_from, Need::required},
};

}  // namespace

void decode_force_arm(const Cursor& cursor, DraftListener& out) {
  out.listener.force_arm.emplace();
  decode_block<DraftListener>(cursor, out, kForceArmKeys);
}

void list_force_arm_keys(const std::string& prefix, std::vector<std::string>& paths) {
  in_block<kForceArmKeys>(prefix, paths);
}

void decode_shadow_marker(const Cursor& cursor, DraftListener& out) {
  constexpr std::array<std::string_view, 2> kWords{"strip", "trust"};
  std::string word;
  if (read_one_of(cursor, kWords, word)) out.listener.trust_shadow_marker = word == "trust";
}

void decode_shadow_writes(const Cursor& cursor, DraftListener& out) {
  constexpr std::array<std::string_view, 2> kWords{"refuse", "forward"};
  std::string word;
  if (read_one_of(cursor, kWords, word)) out.listener.forward_shadow_writes = word == "forward";
}

}  // namespace banyan::config
