// shadow/diff/schema_slot.h: descriptors that come later than the rules, and change: a server is
// asked for them. Any thread.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

#include "shadow/diff/proto_schema.h"

namespace banyan::shadow {

class SchemaSlot {
 public:
  // nullptr until there are any.
  [[nodiscard]] std::shared_ptr<const ProtoSchema> get() const {
    const std::lock_guard lock(mutex_);
    return schema_;
  }
  void set(std::shared_ptr<const ProtoSchema> schema) {
    const std::lock_guard lock(mutex_);
    schema_.swap(schema);  // the old one ends behind the lock
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const ProtoSchema> schema_;
};

}  // namespace banyan::shadow
