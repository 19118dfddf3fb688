// proxy/control/admin_connection.h: one accepted connection of the admin API.
//
//   reading -> answering -> reading …            one request at a time
//      |           |------> streaming -> done    events, until either side closes or falls behind
//      \-----------\-----> lingering -> done     after an error, or where either side closes
//
// Owned by its AdminServer, which destroys it after done().
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "proxy/codec/http1_server_codec.h"
#include "proxy/control/admin_server.h"
#include "proxy/net/deferred_delete.h"
#include "proxy/net/timer_wheel.h"
#include "proxy/net/transport.h"

namespace banyan::control {

class AdminConnection final : public net::Deferrable,
                              private net::TransportEvents,
                              private codec::ServerEvents {
 public:
  AdminConnection(AdminServer& server, std::unique_ptr<net::TcpTransport> transport);
  ~AdminConnection() override;

 private:
  enum class Stage : std::uint8_t { reading, answering, streaming, lingering, done };

  void on_read(Bytes bytes) override;
  void on_read_end() override;
  void on_writable() override;
  void on_transport_error(Error error) override;
  void on_request(codec::StreamId stream, RequestHead& head) override;
  void on_request_body(codec::StreamId stream, Bytes bytes) override;
  void on_request_trailers(codec::StreamId, const Headers&) override {}
  void on_request_end(codec::StreamId stream) override;
  void on_request_error(codec::StreamId stream, const RequestHead& head, Error error) override;

  void pump();
  void pump_later();
  [[nodiscard]] bool crowded() const;  // answers wait that the client does not read
  void ask();
  void answer(codec::StreamId stream, const AdminResponse& response);
  void stream_events();
  [[nodiscard]] bool send_event(std::string_view text);
  void send_copy(Bytes bytes);
  void linger();
  void done();
  void on_timeout();

  AdminServer& server_;
  std::unique_ptr<net::TcpTransport> transport_;
  codec::Http1ServerCodec codec_;
  net::Timer timer_;
  // A reply that comes after the connection is gone finds this gone too.
  std::shared_ptr<AdminConnection*> self_;
  Stage stage_ = Stage::reading;
  AdminRequest request_;
  codec::StreamId stream_{};  // that is being answered
  std::optional<Events::Id> listens_;
  std::string unread_;  // behind the request that is being answered
  bool request_begun_ = false;
  bool feeding_ = false;
  bool peer_closed_ = false;
};

}  // namespace banyan::control
