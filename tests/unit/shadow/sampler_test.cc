#include "shadow/sampler.h"

#include <gtest/gtest.h>

#include <set>

namespace banyan::shadow {
namespace {

RequestHead request_of(Method method) {
  RequestHead request;
  request.method = method;
  return request;
}

TEST(Sampler, TakesOnlyTheMethodsThatAreListed) {
  const Sampling sampling;
  for (const Method method : {Method::get, Method::head, Method::options}) {
    EXPECT_EQ(eligible(sampling, request_of(method), 0), std::nullopt);
  }
  for (const Method method : {Method::post, Method::put, Method::del, Method::patch, Method::trace,
                              Method::connect, Method::other}) {
    EXPECT_EQ(eligible(sampling, request_of(method), 0), Skip::method);
  }
  EXPECT_EQ(eligible({100'000, {Method::post}, {}}, request_of(Method::post), 0), std::nullopt);
  EXPECT_EQ(eligible({100'000, {}, {}}, request_of(Method::get), 0), Skip::method);
}

TEST(Sampler, ABodyIsNoReason) {
  RequestHead request = request_of(Method::get);
  request.framing = Framing::chunked;
  EXPECT_EQ(eligible({}, request, 0), std::nullopt);
}

TEST(Sampler, TakesNoConditionalAndNoRangeRequest_Rfc9110_13_and_14) {
  for (const char* name :
       {"If-Match", "If-None-Match", "if-modified-since", "If-Unmodified-Since"}) {
    RequestHead request = request_of(Method::get);
    request.headers.add(name, "x");
    EXPECT_EQ(eligible(Sampling{}, request, 0), Skip::conditional) << name;
  }
  RequestHead request = request_of(Method::get);
  request.headers.add("Range", "bytes=0-1");
  EXPECT_EQ(eligible(Sampling{}, request, 0), Skip::range);
}

TEST(Sampler, TakesOnlyTheGrpcMethodsThatAreNamed) {
  Sampling sampling;
  sampling.methods = {Method::post};
  EXPECT_EQ(eligible_call(sampling, "/shop.Orders/Get", 0), Skip::method);
  sampling.grpc_methods = {"/shop.Orders/Get", "/shop.Orders/List"};
  EXPECT_EQ(eligible_call(sampling, "/shop.Orders/Get", 0), std::nullopt);
  EXPECT_EQ(eligible_call(sampling, "/shop.Orders/List", 99'999), std::nullopt);
  for (const char* path : {"/shop.Orders/get", "/shop.Orders/Gets", "/shop.Orders",
                           "shop.Orders/Get", "/shop.Orders/Get/", ""}) {
    EXPECT_EQ(eligible_call(sampling, path, 0), Skip::method) << path;
  }
  sampling.millipercent = 10;
  EXPECT_EQ(eligible_call(sampling, "/shop.Orders/Get", 9), std::nullopt);
  EXPECT_EQ(eligible_call(sampling, "/shop.Orders/Get", 10), Skip::sample);
}

TEST(Sampler, DrawsExactlyTheShare) {
  const RequestHead request = request_of(Method::get);
  for (const std::uint32_t share : {0U, 1U, 500U, 50'000U, 99'999U, 100'000U}) {
    Sampling sampling;
    sampling.millipercent = share;
    std::uint32_t drawn = 0;
    for (std::uint32_t draw = 0; draw < 100'000; ++draw) {
      if (eligible(sampling, request, draw) == std::nullopt) ++drawn;
    }
    EXPECT_EQ(drawn, share);
  }
}

TEST(Sampler, SaysWhatIsNotEligibleBeforeItDraws) {
  Sampling sampling;
  sampling.millipercent = 0;
  EXPECT_EQ(eligible(sampling, request_of(Method::post), 99'999), Skip::method);
  EXPECT_EQ(eligible(sampling, request_of(Method::get), 0), Skip::sample);
}

TEST(Skip, EveryOneHasAWordOfItsOwn) {
  std::set<std::string_view> words;
  for (std::size_t i = 0; i < kSkipCount; ++i) words.insert(to_string(static_cast<Skip>(i)));
  EXPECT_EQ(words, (std::set<std::string_view>{"method", "excluded", "direction", "body_budget",
                                               "marked", "not_sent", "conditional", "range",
                                               "sample", "rolled_back", "strained", "in_flight",
                                               "budget", "connections", "draining", "upgrade",
                                               "reask_budget", "cpu_budget"}));
}

TEST(ControlAmongShadows, MakesItsShareOfAllExchanges) {
  EXPECT_EQ(control_among_shadows(500, 100'000), 500U);
  EXPECT_EQ(control_among_shadows(500, 10'000), 5'000U);
  EXPECT_EQ(control_among_shadows(500, 501), 99'800U);
  EXPECT_EQ(control_among_shadows(500, 500), 100'000U);
  EXPECT_EQ(control_among_shadows(500, 1), 100'000U);
  EXPECT_EQ(control_among_shadows(0, 10'000), 0U);
  EXPECT_EQ(control_among_shadows(0, 0), 0U);
}

}  // namespace
}  // namespace banyan::shadow
