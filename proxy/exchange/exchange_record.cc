// What is left of an exchange, as its access-log line.
#include "proxy/exchange/exchange.h"
#include "proxy/exchange/grpc.h"

namespace banyan::exchange {

void Exchange::write_record(std::chrono::microseconds duration) {
  if (!services_.access_log.is_on()) return;
  const RequestHead& request = heads_->request;
  observe::ExchangeRecord record;
  record.at = started_at();
  record.listener = listener_.name;
  record.client = client_.address;
  record.method = request.method_text;
  record.authority = request.authority;
  record.path = request.path();
  record.migration = migration_ != nullptr ? std::string_view(migration_->settings->name) : "none";
  if (cluster_ != nullptr) record.upstream = cluster_->settings().upstream.name;
  record.reason = migration_ != nullptr ? routing::to_string(decision_.reason)
                  : cluster_ != nullptr ? "default"
                                        : "no_route";
  record.arm = decision_.arm;
  record.role = role();
  record.bucket = decision_.bucket;
  record.status = status_;
  if (grpc_) record.grpc_status = static_cast<int>(grpc_status());
  record.error = error_;
  record.request_bytes = tunnel_ ? tunnel_->client_bytes() : request_body_.bytes();
  record.response_bytes = tunnel_ ? tunnel_->upstream_bytes() : response_bytes_;
  record.duration = duration;
  if (const net::TlsFacts* tls = downstream_.tls()) {
    record.tls = tls->version;
    record.client_san = tls->client_san;
  }
  record.retried = attempts_ > 1;
  record.fallback = fell_back_;
  services_.access_log.write(services_.worker, record);
}

// As the client of a gRPC call was told, or would have been.
std::size_t Exchange::grpc_status() const {
  const int status =
      error_ ? grpc_status_of(*error_) : grpc_status_.value_or(grpc_status_of_http(status_));
  return static_cast<std::size_t>(status);
}

// Only a record needs it: a second clock is not read for those that leave none.
WallTime Exchange::started_at() const {
  const auto ago = std::chrono::steady_clock::now() - started_;
  return std::chrono::system_clock::now() - ago;
}

observe::MigrationStats& Exchange::stats() const {
  return migration_ != nullptr ? *migration_->stats : *plan_->none;
}

}  // namespace banyan::exchange
