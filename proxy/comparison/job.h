// proxy/comparison/job.h: one pair of answers on its way to the comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "config/snapshot.h"
#include "proxy/comparison/budget.h"
#include "proxy/comparison/second_asking.h"
#include "proxy/observe/stats.h"
#include "shadow/capture.h"

namespace banyan::comparison {

struct Job {
  std::shared_ptr<const config::Snapshot> snapshot;  // keeps the rules alive
  std::size_t migration = 0;                         // index into snapshot->migrations
  observe::MigrationStats* stats = nullptr;          // written by comparison threads
  observe::MigrationStats* served = nullptr;         // of the worker: what it counts
  bool settled = false;                              // plainly equal: only to be counted
  bool control = false;  // legacy was asked twice: `second` has what it said, nothing is counted
  shadow::CapturedPair pair;
  Reservation left;
  Reservation right;
  std::shared_ptr<const Repeatable> repeatable;  // where the request may be sent again
  std::unique_ptr<SecondAnswers> second;         // on its way to a second asking and back
};

}  // namespace banyan::comparison
