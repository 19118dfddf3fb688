// shadow/store/sqlite.h: as much of SQLite as the store needs, without leaks and without throwing.
//
// One thread at a time. The text of an error is SQLite's, its code one of SQLITE_*.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace banyan::shadow {

struct SqlError {
  int code = 0;
  std::string text;
  [[nodiscard]] bool is_corrupt() const;     // no database, or one that contradicts itself
  [[nodiscard]] bool is_full() const;        // the disk, or max_page_count
  [[nodiscard]] bool may_not_write() const;  // what a reader needs beside a database with a log
};
template <class T = void>
using SqlResult = Result<T, SqlError>;

class Statement {
 public:
  // From 1; a text is copied.
  Statement& bind(int at, std::int64_t value);
  Statement& bind(int at, std::string_view text);
  // A row is there to be read; false: it was the last one. Reset by itself after that.
  [[nodiscard]] SqlResult<bool> step();
  // For what gives no rows.
  [[nodiscard]] SqlResult<> run();
  void reset();
  // From 0.
  [[nodiscard]] std::int64_t number(int column) const;
  [[nodiscard]] std::string text(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
  int bind_error_ = 0;
};

class Database {
 public:
  // unchanging: to be read, and nobody writes it. Its log is not looked at, and no file is made
  // beside it, which a reader of a write-ahead log otherwise does.
  enum class Mode : std::uint8_t { read_only, unchanging, read_write };
  [[nodiscard]] static SqlResult<Database> open(const std::string& path, Mode mode);

  [[nodiscard]] SqlResult<Statement> prepare(std::string_view sql);
  // One or more statements without parameters; rows are left out.
  [[nodiscard]] SqlResult<> execute(const std::string& sql);
  // The first column of the first row, 0 without one.
  [[nodiscard]] SqlResult<std::int64_t> number(std::string_view sql);
  [[nodiscard]] std::int64_t last_row() const;
  [[nodiscard]] std::int64_t changes() const;  // rows that the last statement changed

 private:
  struct Close {
    void operator()(sqlite3* database) const;
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace banyan::shadow
