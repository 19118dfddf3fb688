// proxy/net/tls_files.h: the files of certificates, keys and CAs, each read once.
//
// All contexts of one load are made from the same bytes, whatever happens to the files meanwhile.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "base/result.h"

namespace banyan::net {

inline constexpr std::size_t kTlsFileBytesMax = 1024 * 1024;

class TlsFiles {
 public:
  using Content = Result<std::string, std::string>;

  // The error is for people: `can not be read: Permission denied`.
  const Content& content(const std::string& path);
  // Changes with the bytes of every file that was asked for so far.
  [[nodiscard]] std::string fingerprint() const;

 private:
  std::map<std::string, Content> contents_;
};

// Something in a file or a value that can not be used.
struct TlsProblem {
  std::string key;      // `listeners[0].tls.certificate`
  std::string message;  // begins with the file's path where there is one
};
using TlsProblems = std::vector<TlsProblem>;

}  // namespace banyan::net
