#include "proxy/control/hash_key.h"

#include <optional>
#include <string_view>

#include "proxy/net/keyed_hash.h"
#include "proxy/observe/logging.h"

namespace banyan::control {
namespace {

using nlohmann::json;

constexpr const char* kKey = "key";
constexpr std::string_view kDigits = "0123456789abcdef";

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4U];
    text += kDigits[byte & 15U];
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() != 2 * net::kHashKeyBytes) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const std::size_t high = kDigits.find(text[i]), low = kDigits.find(text[i + 1]);
    if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
    bytes += static_cast<char>(high * kDigits.size() + low);
  }
  return bytes;
}

std::optional<std::string> key_in(const json& document) {
  const auto found = document.find(kKey);
  if (found == document.end() || !found->is_string()) return std::nullopt;
  return from_hex(found->get_ref<const std::string&>());
}

void write(const StateFile& file, bool replaces, const json& document) {
  if (replaces) {
    const auto aside = file.replace_unreadable(document);
    observe::log_error(aside ? file.path() + ": no key that can be read; it is now " + *aside +
                                   ", and equal values get other hashes than before"
                             : aside.error());
  } else if (const auto saved = file.save(document); !saved) {
    observe::log_error(saved.error() + "; hashes of values are other ones after a restart");
  }
}

}  // namespace

std::string hash_key(const StateFile& file) {
  const StateFile::Loaded loaded = file.load();
  if (loaded.found == StateFile::Found::document) {
    if (auto key = key_in(loaded.document)) return *key;
  }
  const auto key = net::random_key();
  if (!key) {
    observe::log_error("no randomness for a key: shapes of values have no hash");
    return {};
  }
  write(file, loaded.found != StateFile::Found::nothing, json{{kKey, hex(*key)}});
  return *key;
}

}  // namespace banyan::control
