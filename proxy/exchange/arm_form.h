// proxy/exchange/arm_form.h: how one arm wants its requests, and how its answers become the
// client's. Pure, and allocates only where something is rewritten.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/arm.h"
#include "base/header_edits.h"
#include "base/message.h"
#include "routing/rewrite.h"
#include "routing/route.h"

namespace banyan::exchange {

// Borrowed from the plan and the rule that matched.
struct ArmForm {
  const routing::Rewrite* rewrite = nullptr;  // nullptr: everything stays
  std::string_view matched = {};              // the rule's path_prefix
  std::span<const std::string> hosts = {};    // authorities of the arm in its answers
};

// `head` is what any upstream would get, see forward_request().
void to_arm(const ArmForm& form, RequestHead& head);
// `head` is what any client would get, see forward_response(); `authority`: the client's.
void from_arm(const ArmForm& form, std::string_view authority, ResponseHead& head);

void edit(const HeaderEdits& edits, Headers& headers);
// `x-banyan-arm`, in the place of what the upstream says under that name.
void expose(Arm arm, Headers& headers);

// Another parent in each `traceparent`.
void give_parent(Headers& headers, std::uint64_t parent);
// Set-Cookie with a key for somebody who had none.
void issue(const routing::StickySource& cookie, std::string_view key, Headers& headers);

// Turns a request to an arm into the shadow's: `edits`, the marker that stops loops, the baggage
// member that tells instrumented services, and a parent of its own in `traceparent`.
void mark_as_shadow(RequestHead& head, std::string_view migration, const HeaderEdits& edits,
                    std::uint64_t trace_parent);

}  // namespace banyan::exchange
