#include "shadow/diff/content_coding.h"

#include <brotli/decode.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "base/headers.h"

namespace banyan::shadow {
namespace {

// The largest window, and the header tells which of both formats it is.
constexpr int kGzipOrZlib = MAX_WBITS + 32;
constexpr int kWithoutHeader = -MAX_WBITS;
constexpr int kZstdWindowLogMax = 23;
constexpr std::size_t kPieceBytes = 16384;

// Where decoded bytes go, within the limits.
class Output {
 public:
  explicit Output(std::size_t encoded_bytes) : encoded_bytes_(encoded_bytes) {}

  [[nodiscard]] char* piece() { return piece_.data(); }
  // The first `size` bytes of the piece. False where a limit is met.
  bool take(std::size_t size) {
    decoded_.body.append(piece_.data(), size);
    const std::size_t total = decoded_.body.size();
    if (total > kDecodedBytesMax) return fail(kDecodedTooLarge);
    const bool swells = total > kRatioFreeBytes && total / kRatioMax > encoded_bytes_;
    return !swells || fail(kDecodedRatio);
  }
  bool fail(std::string_view problem) {
    decoded_.problem = problem;
    return false;
  }
  [[nodiscard]] Decoded finish() {
    if (!decoded_.problem.empty()) decoded_.body.clear();
    return std::move(decoded_);
  }

 private:
  const std::size_t encoded_bytes_;
  Decoded decoded_;
  std::array<char, kPieceBytes> piece_;
};

// A z_stream that is ended.
class Inflate {
 public:
  Inflate(std::string_view input, int window_bits) {
    // zlib's interface is not const-correct; it does not write to its input.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
    stream_.avail_in = static_cast<uInt>(input.size());
    ready_ = inflateInit2(&stream_, window_bits) == Z_OK;
  }
  ~Inflate() {
    if (ready_) inflateEnd(&stream_);
  }
  Inflate(const Inflate&) = delete;
  Inflate& operator=(const Inflate&) = delete;

  void run(Output& out) {
    int result = ready_ ? Z_OK : Z_STREAM_ERROR;
    while (result == Z_OK) {
      stream_.next_out = reinterpret_cast<Bytef*>(out.piece());
      stream_.avail_out = kPieceBytes;
      result = inflate(&stream_, Z_NO_FLUSH);
      if (!out.take(kPieceBytes - stream_.avail_out)) return;
      if (result == Z_STREAM_END && begins_member()) result = inflateReset(&stream_);
    }
    if (result == Z_BUF_ERROR) {
      out.fail(kTruncatedCoding);
    } else if (result != Z_STREAM_END || stream_.avail_in > 0) {
      out.fail(kBrokenCoding);
    }
  }

 private:
  [[nodiscard]] bool begins_member() const {
    return stream_.avail_in >= 2 && stream_.next_in[0] == 0x1f && stream_.next_in[1] == 0x8b;
  }

  z_stream stream_{};
  bool ready_ = false;
};

Decoded without_gzip(std::string_view body) {
  Output out(body.size());
  Inflate(body, kGzipOrZlib).run(out);
  return out.finish();
}

Decoded without_deflate(std::string_view body) {
  Decoded decoded = without_gzip(body);
  if (decoded.problem != kBrokenCoding) return decoded;
  Output out(body.size());
  Inflate(body, kWithoutHeader).run(out);
  Decoded bare = out.finish();
  return bare.problem.empty() ? bare : decoded;
}

Decoded without_brotli(std::string_view body) {
  Output out(body.size());
  const std::unique_ptr<BrotliDecoderState, decltype(&BrotliDecoderDestroyInstance)> state(
      BrotliDecoderCreateInstance(nullptr, nullptr, nullptr), &BrotliDecoderDestroyInstance);
  const auto* next_in = reinterpret_cast<const std::uint8_t*>(body.data());
  std::size_t left = body.size();
  BrotliDecoderResult result =
      state ? BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT : BROTLI_DECODER_RESULT_ERROR;
  while (result == BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) {
    auto* next_out = reinterpret_cast<std::uint8_t*>(out.piece());
    std::size_t room = kPieceBytes;
    result = BrotliDecoderDecompressStream(state.get(), &left, &next_in, &room, &next_out, nullptr);
    if (!out.take(kPieceBytes - room)) return out.finish();
  }
  if (result == BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT) {
    out.fail(kTruncatedCoding);
  } else if (result != BROTLI_DECODER_RESULT_SUCCESS || left > 0) {
    out.fail(kBrokenCoding);
  }
  return out.finish();
}

Decoded without_zstd(std::string_view body) {
  Output out(body.size());
  const std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> state(ZSTD_createDCtx(),
                                                                   &ZSTD_freeDCtx);
  if (!state) out.fail(kBrokenCoding);
  if (state) ZSTD_DCtx_setParameter(state.get(), ZSTD_d_windowLogMax, kZstdWindowLogMax);
  ZSTD_inBuffer in{body.data(), body.size(), 0};
  std::size_t result = 1;  // 0: at the end of a frame
  bool filled = false;
  while (state && (in.pos < in.size || filled)) {
    ZSTD_outBuffer piece{out.piece(), kPieceBytes, 0};
    result = ZSTD_decompressStream(state.get(), &piece, &in);
    if (ZSTD_isError(result) != 0U) {
      out.fail(kBrokenCoding);
      return out.finish();
    }
    if (!out.take(piece.pos)) return out.finish();
    filled = piece.pos == piece.size && result != 0;
  }
  if (result != 0) out.fail(kTruncatedCoding);
  return out.finish();
}

std::string_view trimmed(std::string_view text) {
  const std::size_t first = std::min(text.find_first_not_of(" \t"), text.size());
  text.remove_prefix(first);
  return text.substr(0, text.find_last_not_of(" \t") + 1);
}

Decoded without(std::string_view coding, std::string_view body) {
  if (body.size() > kDecodedBytesMax) return {{}, kDecodedTooLarge};
  if (equals_ignoring_case(coding, "gzip") || equals_ignoring_case(coding, "x-gzip")) {
    return without_gzip(body);
  }
  if (equals_ignoring_case(coding, "deflate")) return without_deflate(body);
  if (equals_ignoring_case(coding, "br")) return without_brotli(body);
  if (equals_ignoring_case(coding, "zstd")) return without_zstd(body);
  return {{}, kUnknownCoding};
}

// In the order in which they were applied, without identity.
std::vector<std::string_view> list_of(std::string_view codings) {
  std::vector<std::string_view> list;
  while (!codings.empty() && list.size() <= static_cast<std::size_t>(kCodingsMax)) {
    const std::size_t end = std::min(codings.find(','), codings.size());
    const std::string_view coding = trimmed(codings.substr(0, end));
    codings.remove_prefix(std::min(end + 1, codings.size()));
    if (!coding.empty() && !equals_ignoring_case(coding, "identity")) list.push_back(coding);
  }
  return list;
}

}  // namespace

Decoded decoded(std::string_view codings, std::string_view body) {
  const std::vector<std::string_view> list = list_of(codings);
  if (list.size() > static_cast<std::size_t>(kCodingsMax)) return {{}, kUnknownCoding};
  Decoded result{std::string(body), {}};
  for (auto coding = list.rbegin(); coding != list.rend() && result.problem.empty(); ++coding) {
    result = without(*coding, result.body);
  }
  return result;
}

}  // namespace banyan::shadow
