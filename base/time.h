// base/time.h: the clocks. Pure code gets `now` as an argument and never asks for it.
#pragma once

#include <chrono>

namespace banyan {

using Milliseconds = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock::time_point;  // durations, deadlines
using WallTime = std::chrono::system_clock::time_point;    // what people read

}  // namespace banyan
