#include "proxy/control/difference_store.h"

#include <utility>

#include "proxy/control/hash_key.h"
#include "proxy/net/keyed_hash.h"
#include "proxy/observe/logging.h"
#include "shadow/store/sqlite_store.h"

namespace banyan::control {
namespace {

using shadow::SqliteStore;
using shadow::StoreError;

shadow::StoreLimits limits_of(const config::Store& settings) {
  return {settings.max_size, settings.max_age};
}

shadow::Keeps keeps_of(const config::Store& settings) {
  if (settings.only_shapes) return shadow::Keeps::shapes;
  return settings.bodies ? shadow::Keeps::values_and_bodies : shadow::Keeps::values;
}

using Opened = shadow::StoreResult<std::unique_ptr<SqliteStore>>;

// Where the file is broken: moved aside, and a new one made. Any thread.
Opened replace_broken(const std::string& path, const std::string& why) {
  const auto aside = SqliteStore::move_aside(path);
  if (!aside) return tl::unexpected(StoreError{StoreError::Kind::other, aside.error()});
  observe::log_error(path + ": " + why + "; the old file is now " + *aside +
                     ", verdicts are counted anew");
  return SqliteStore::open(path);
}

// With what it holds.
Opened open_and_restore(const std::string& path, shadow::DifferenceTable& table) {
  auto opened = SqliteStore::open(path);
  if (!opened) {
    if (opened.error().kind != StoreError::Kind::corrupt) return opened;
    return replace_broken(path, opened.error().text);
  }
  const auto records = (*opened)->records({});
  if (!records) {
    if (records.error().kind != StoreError::Kind::corrupt) return tl::unexpected(records.error());
    opened->reset();
    return replace_broken(path, records.error().text);
  }
  for (const shadow::EpochRecord& record : *records) table.restore(record);
  return opened;
}

}  // namespace

// The hash comes before the first value that needs it.
void DifferenceStore::configure_table(const config::Store& settings) {
  if (settings.only_shapes && !std::exchange(has_key_, true)) {
    const std::string key = hash_key(StateFile(key_path_));
    if (!key.empty()) {
      table_.hash_with([key](std::string_view text) { return net::keyed_hash(key, text); });
    }
  }
  table_.configure(settings.samples, settings.redaction, keeps_of(settings));
}

void DifferenceStore::open(const config::Store& settings) {
  configure_table(settings);
  auto opened = open_and_restore(path_, table_);
  if (!opened) {
    problem_ = path_ + ": " + opened.error().text;
    observe::log_error(problem_ + "; runs without a store, differences end with the process");
    return;
  }
  thread_ = std::make_unique<shadow::StoreThread>(
      shadow::StoreThread::Parts{table_, [](const std::string& text) { observe::log_error(text); },
                                 [] { return std::chrono::system_clock::now(); }},
      std::move(*opened),
      [path = path_]() -> std::unique_ptr<shadow::Store> {
        auto again = replace_broken(path, "it contradicts itself");
        if (again) return std::move(*again);
        observe::log_error(path + ": " + again.error().text + "; goes on without a store");
        return nullptr;
      },
      limits_of(settings));
}

void DifferenceStore::configure(const config::Store& settings) {
  configure_table(settings);
  if (thread_) thread_->set_limits(limits_of(settings));
}

bool DifferenceStore::read(Read read, std::function<void()> done) {
  if (!thread_) return false;
  return thread_->read(
      [this, read = std::move(read), done = std::move(done)](shadow::Store* store) {
        read(store);
        loop_.post(done);
      });
}

}  // namespace banyan::control
