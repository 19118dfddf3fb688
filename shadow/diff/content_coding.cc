#include "shadow/diff/content_coding.h"

#include <zlib.h>

#include <algorithm>
#include <array>

#include "base/headers.h"

namespace banyan::shadow {
namespace {

constexpr std::array<std::string_view, 3> kKnown{"gzip", "x-gzip", "deflate"};
// The largest window, and the header tells which of both formats it is.
constexpr int kGzipOrZlib = MAX_WBITS + 32;
constexpr std::size_t kPieceBytes = 16384;

// A z_stream that is ended.
class Inflate {
 public:
  explicit Inflate(std::string_view input) {
    // zlib's interface is not const-correct; it does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    ready_ = inflateInit2(&stream_, kGzipOrZlib) == Z_OK;
  }
  ~Inflate() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  std::optional<std::string> run() {
    std::string out;
    std::array<Bytef, kPieceBytes> piece;
    int result = ready_ ? Z_OK : Z_STREAM_ERROR;
    while (result == Z_OK && out.size() <= kDecodedBytesMax) {
      stream_.next_out = piece.data();
      stream_.avail_out = static_cast<uInt>(piece.size());
      result = inflate(&stream_, Z_NO_FLUSH);
      out.append(piece.begin(), piece.end() - stream_.avail_out);
    }
    const bool whole = result == Z_STREAM_END && stream_.avail_in == 0;
    if (!whole || out.size() > kDecodedBytesMax) return std::nullopt;
    return out;
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

std::optional<std::string> decoded(std::string_view coding, std::string_view body) {
  const bool known = std::any_of(kKnown.begin(), kKnown.end(), [coding](std::string_view name) {
    return equals_ignoring_case(name, coding);
  });
  if (!known || body.size() > kDecodedBytesMax) return std::nullopt;
  return Inflate(body).run();
}

}  // namespace banyan::shadow
