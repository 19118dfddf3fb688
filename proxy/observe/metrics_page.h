// proxy/observe/metrics_page.h: one scrape while it is written. For the files that write it.
#pragma once

#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>

#include <string>
#include <utility>
#include <vector>

#include "proxy/observe/metrics.h"

namespace banyan::observe {

using Labels = std::vector<prometheus::ClientMetric::Label>;

// The families of one scrape, in the order in which they are written.
class Page {
 public:
  void begin(prometheus::MetricType type, const std::string& name, const std::string& help) {
    families_.push_back({"banyan_" + name, help, type, {}});
  }
  void begin_process(prometheus::MetricType type, const std::string& name,
                     const std::string& help) {
    families_.push_back({"process_" + name, help, type, {}});
  }
  void add(Labels labels, double value) {
    prometheus::ClientMetric& metric = next(std::move(labels));
    metric.counter.value = value;
    metric.gauge.value = value;
  }
  void add(Labels labels, const prometheus::ClientMetric::Histogram& histogram) {
    next(std::move(labels)).histogram = histogram;
  }
  [[nodiscard]] std::string text() const {
    return prometheus::TextSerializer{}.Serialize(families_);
  }

 private:
  prometheus::ClientMetric& next(Labels labels) {
    families_.back().metric.emplace_back().label = std::move(labels);
    return families_.back().metric.back();
  }
  std::vector<prometheus::MetricFamily> families_;
};

// What the control thread and the kernel know; metrics_control.cc.
void add_control(Page& page, const ControlFacts& control);
void add_process(Page& page, const ProcessFacts& process);

}  // namespace banyan::observe
