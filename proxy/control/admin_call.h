// proxy/control/admin_call.h: one call of the admin API, for the files that answer it.
#pragma once

#include "proxy/control/admin_api.h"

namespace banyan::control {

struct AdminApi::Call {
  const AdminRequest& request;
  const AdminTarget& target;
  const std::vector<std::string>& names;  // in `{}` of the route's pattern
  const Tokens::Holder* holder;           // nullptr: no tokens are needed
  const AdminReply& reply;
};

// Of what the document shows: the same text for the same state, after a restart as well.
[[nodiscard]] std::string etag_of(const nlohmann::json& document);
// RFC 9110 §13.1.1. A call without If-Match asks for nothing.
[[nodiscard]] bool precondition_holds(const AdminRequest& request, const std::string& etag);

}  // namespace banyan::control
