// tests/support/http2_peer.h: the server's end of an HTTP/2 connection, told by a test what to do.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/http2_frames.h"
#include "tests/support/scripted_peer.h"

namespace banyan::test {

struct Http2Peer {
  explicit Http2Peer(std::unique_ptr<Peer> connected) : peer(std::move(connected)) {}

  // Reads what came. Streams that were asked for and not answered, in order.
  const std::vector<std::uint32_t>& asked() {
    for (http2::Frame& f : reader.read(peer->take())) take(f);
    return open;
  }
  void say(std::string_view frames) { peer->send(frames); }
  void answer(std::uint32_t stream, std::string_view text = {}, const char* status = "200") {
    std::erase(open, stream);
    const http2::Fields head{{":status", status}, {"content-length", std::to_string(text.size())}};
    say(http2::headers(stream, head, text.empty() ? http2::kEndStream : 0));
    if (!text.empty()) say(http2::data(stream, text, http2::kEndStream));
  }
  [[nodiscard]] std::string field(std::uint32_t stream, std::string_view name) {
    for (const auto& [n, value] : heads[stream]) {
      if (n == name) return value;
    }
    return {};
  }

  std::unique_ptr<Peer> peer;
  http2::Reader reader;
  std::vector<std::uint32_t> open;
  std::vector<std::uint32_t> resets;
  std::vector<std::uint32_t> ended;  // requests that are whole
  std::map<std::uint32_t, http2::Fields> heads;
  std::map<std::uint32_t, http2::Fields> trailers;
  std::map<std::uint32_t, std::string> body;
  std::uint32_t last = 0;
  int goodbyes = 0;

 private:
  void take(const http2::Frame& f) {
    switch (f.type) {
      case http2::kHeaders:
        if (f.stream > last) {
          open.push_back(last = f.stream);
          heads[f.stream] = reader.fields(f);
        } else {
          trailers[f.stream] = reader.fields(f);
        }
        break;
      case http2::kData:
        body[f.stream].append(f.payload);
        break;
      case http2::kRstStream:
        resets.push_back(f.stream);
        break;
      case http2::kGoaway:
        ++goodbyes;
        break;
      default:
        return;
    }
    const bool ends = f.type == http2::kHeaders || f.type == http2::kData;
    if (ends && f.ends_stream()) ended.push_back(f.stream);
  }
};

}  // namespace banyan::test
