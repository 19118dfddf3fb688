#include "proxy/control/change_watch.h"

#include <algorithm>
#include <utility>

namespace banyan::control {

ChangeWatch::ChangeWatch(Milliseconds debounce, Milliseconds poll, std::string taken,
                         SteadyTime now)
    : debounce_(debounce), poll_(poll), taken_(std::move(taken)), due_(now + poll) {}

void ChangeWatch::on_event(SteadyTime now) {
  if (!first_event_) first_event_ = now;
  due_ = std::min(now + debounce_, *first_event_ + debounce_ * kPutOffMax);
}

bool ChangeWatch::on_look(const std::string& fingerprint, SteadyTime now) {
  first_event_.reset();
  if (fingerprint == taken_) {
    candidate_.reset();
    due_ = now + poll_;
    return false;
  }
  if (candidate_ != fingerprint) {
    candidate_ = fingerprint;
    due_ = now + debounce_;
    return false;
  }
  on_loaded(fingerprint, now);
  return true;
}

void ChangeWatch::on_loaded(const std::string& fingerprint, SteadyTime now) {
  taken_ = fingerprint;
  candidate_.reset();
  first_event_.reset();
  due_ = now + poll_;
}

void ChangeWatch::set_intervals(Milliseconds debounce, Milliseconds poll) {
  debounce_ = debounce;
  poll_ = poll;
}

}  // namespace banyan::control
