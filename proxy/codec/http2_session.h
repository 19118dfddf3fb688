// proxy/codec/http2_session.h: what both sides of HTTP/2 need of nghttp2: its session as an owned
// value, memory from a free list of the thread, and the way of its frames into a ByteSink.
#pragma once

#include <nghttp2/nghttp2.h>

#include <memory>

#include "base/bytes.h"

namespace banyan::codec {

struct DeleteSession {
  void operator()(nghttp2_session* session) const { nghttp2_session_del(session); }
};
struct DeleteCallbacks {
  void operator()(nghttp2_session_callbacks* callbacks) const {
    nghttp2_session_callbacks_del(callbacks);
  }
};
struct DeleteOption {
  void operator()(nghttp2_option* option) const { nghttp2_option_del(option); }
};

// Deleting a session tells nobody that its streams are gone: close them first.
using Http2Session = std::unique_ptr<nghttp2_session, DeleteSession>;
using Http2Callbacks = std::unique_ptr<nghttp2_session_callbacks, DeleteCallbacks>;
using Http2Option = std::unique_ptr<nghttp2_option, DeleteOption>;

[[nodiscard]] Http2Callbacks new_callbacks();
// With the options that both sides share: windows grow only by what was consumed, messages are
// judged by http2_fields.h alone, closed streams are forgotten.
[[nodiscard]] Http2Option new_option();

// For nghttp2_session_*_new3(): blocks up to a few KiB are kept by the thread for the next
// session. A session is made, used and deleted on one thread.
[[nodiscard]] nghttp2_mem* http2_memory();

// Everything that nghttp2 has to say now, in order, into `sink`; one write, since a sink writes at
// the end of the loop iteration. False where the session can not go on.
[[nodiscard]] bool drain(nghttp2_session& session, ByteSink& sink);

}  // namespace banyan::codec
