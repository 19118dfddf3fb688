#include "shadow/store/sqlite.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace banyan::shadow {
namespace {

// Another process that reads (`banyan report --store`) holds a lock for moments only.
constexpr int kBusyMs = 2'000;
constexpr int kPrimaryCode = 0xff;

tl::unexpected<SqlError> failed(sqlite3* database, int code) {
  const char* const text = database != nullptr ? sqlite3_errmsg(database) : sqlite3_errstr(code);
  return tl::unexpected(SqlError{code & kPrimaryCode, text});
}

// There are values from traffic in it. SQLite itself would let everybody read it; its -wal and -shm
// get the mode that it has. Where this fails, opening it tells.
void keep_from_others(const std::string& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (file < 0) return;
  struct stat facts{};
  if (::fstat(file, &facts) == 0 && (facts.st_mode & 07) != 0) {
    static_cast<void>(!::fchmod(file, facts.st_mode & 0770));
  }
  ::close(file);
}

// A URI, in which `%`, `?` and `#` mean something.
std::string unchanging_uri(const std::string& path) {
  std::string uri = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      uri += c == '%' ? "%25" : c == '?' ? "%3f" : "%23";
    } else {
      uri += c;
    }
  }
  return uri + "?immutable=1";
}

}  // namespace

bool SqlError::is_corrupt() const { return code == SQLITE_CORRUPT || code == SQLITE_NOTADB; }
bool SqlError::is_full() const { return code == SQLITE_FULL; }
bool SqlError::may_not_write() const { return code == SQLITE_CANTOPEN || code == SQLITE_READONLY; }

void Statement::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
void Database::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

Statement& Statement::bind(int at, std::int64_t value) {
  if (const int rc = sqlite3_bind_int64(handle_.get(), at, value); rc != SQLITE_OK) {
    bind_error_ = rc;
  }
  return *this;
}

Statement& Statement::bind(int at, std::string_view text) {
  const char* const data = text.empty() ? "" : text.data();
  // The last argument is SQLITE_TRANSIENT, of which the macro is an old-style cast.
  const int rc = sqlite3_bind_text(handle_.get(), at, data, static_cast<int>(text.size()),
                                   reinterpret_cast<sqlite3_destructor_type>(-1));
  if (rc != SQLITE_OK) bind_error_ = rc;
  return *this;
}

SqlResult<bool> Statement::step() {
  sqlite3* const database = sqlite3_db_handle(handle_.get());
  if (const int rc = std::exchange(bind_error_, 0); rc != SQLITE_OK) return failed(database, rc);
  const int rc = sqlite3_step(handle_.get());
  if (rc == SQLITE_ROW) return true;
  if (rc == SQLITE_DONE) {
    reset();
    return false;
  }
  auto error = failed(database, rc);
  reset();
  return error;
}

SqlResult<> Statement::run() {
  const auto row = step();
  if (!row) return tl::unexpected(row.error());
  reset();
  return {};
}

void Statement::reset() { sqlite3_reset(handle_.get()); }

std::int64_t Statement::number(int column) const {
  return sqlite3_column_int64(handle_.get(), column);
}

std::string Statement::text(int column) const {
  const unsigned char* const text = sqlite3_column_text(handle_.get(), column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(handle_.get(), column));
  return text == nullptr ? std::string() : std::string(reinterpret_cast<const char*>(text), size);
}

SqlResult<Database> Database::open(const std::string& path, Mode mode) {
  sqlite3* handle = nullptr;
  const bool writes = mode == Mode::read_write;
  const bool unchanging = mode == Mode::unchanging;
  const int flags = SQLITE_OPEN_NOMUTEX | (unchanging ? SQLITE_OPEN_URI : 0) |
                    (writes ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY);
  const std::string name = unchanging ? unchanging_uri(path) : path;
  if (writes) keep_from_others(path);
  const int rc = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  Database database;
  database.handle_.reset(handle);
  if (rc != SQLITE_OK) return failed(handle, rc);
  sqlite3_busy_timeout(handle, kBusyMs);
  return database;
}

SqlResult<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* handle = nullptr;
  const int rc =
      sqlite3_prepare_v2(handle_.get(), sql.data(), static_cast<int>(sql.size()), &handle, nullptr);
  Statement statement;
  statement.handle_.reset(handle);
  if (rc != SQLITE_OK) return failed(handle_.get(), rc);
  return statement;
}

SqlResult<> Database::execute(const std::string& sql) {
  const int rc = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) return failed(handle_.get(), rc);
  return {};
}

SqlResult<std::int64_t> Database::number(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  const auto row = statement->step();
  if (!row) return tl::unexpected(row.error());
  return *row ? statement->number(0) : 0;
}

std::int64_t Database::last_row() const { return sqlite3_last_insert_rowid(handle_.get()); }
std::int64_t Database::changes() const { return sqlite3_changes(handle_.get()); }

}  // namespace banyan::shadow
