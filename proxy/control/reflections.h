// proxy/control/reflections.h: the descriptors of migrations with `compare.descriptors.reflection`.
//
// Legacy is asked when a configuration comes into force, and again, ever more seldom, while it does
// not answer. What it said last stays until it says something else. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "proxy/control/reflection_call.h"
#include "shadow/diff/schema_slot.h"

namespace banyan::control {

// Until the next try: doubled from try to try.
inline constexpr Milliseconds kReflectionPauseMin{1'000};
inline constexpr Milliseconds kReflectionPauseMax{60'000};

// What a try needs that may change from one to the next.
struct ReflectionWay {
  std::function<std::shared_ptr<const upstream::AddressBook>()> addresses;
  std::function<std::shared_ptr<net::TlsClientContext>(const std::string& upstream)> tls;
};

class Reflections final : private ReflectionCall::Owner {
 public:
  Reflections(net::Loop& loop, ReflectionWay way);
  ~Reflections();
  Reflections(const Reflections&) = delete;
  Reflections& operator=(const Reflections&) = delete;

  // What is known already goes into a configuration that is about to be in force.
  void fill(const config::Snapshot& next) const;
  // It is in force: each legacy is asked, once for all migrations that come from it.
  void adopt(const config::Snapshot& snapshot);
  // The process ends.
  void abandon();

  struct Counts {
    std::uint64_t answered = 0;
    std::uint64_t failed = 0;
  };
  [[nodiscard]] const Counts& counts() const { return counts_; }
  // Messages whose fields are known, by migration; 0 until legacy has answered.
  [[nodiscard]] std::map<std::string, std::size_t> messages() const;

 private:
  struct Watched;
  void ask(Watched& watched);
  void on_described(ReflectionCall& call, const shadow::ReflectionDialog& dialog) override;
  void on_undescribed(ReflectionCall& call, const std::string& why) override;
  [[nodiscard]] Watched& watched_by(const ReflectionCall& call);
  void put_off(Watched& watched, const std::string& why);
  void let_go(std::unique_ptr<Watched> watched);
  [[nodiscard]] upstream::ClusterSettings settings(const config::Upstream& legacy) const;

  net::Loop& loop_;
  const ReflectionWay way_;
  std::map<std::string, std::unique_ptr<Watched>> watched_;  // by upstream
  Counts counts_;
};

}  // namespace banyan::control
