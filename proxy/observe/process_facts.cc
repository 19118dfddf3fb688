#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "proxy/observe/metrics.h"

namespace banyan::observe {
namespace {

// Fields of /proc/self/stat, counted from the one behind the command's name (proc(5) minus 3).
constexpr std::size_t kUserTicks = 11;
constexpr std::size_t kSystemTicks = 12;
constexpr std::size_t kStartTicks = 19;
constexpr std::size_t kVirtualBytes = 20;
constexpr std::size_t kResidentPages = 21;

std::string content_of(const char* path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<double> stat_fields() {
  const std::string text = content_of("/proc/self/stat");
  const std::size_t name_end = text.rfind(')');
  if (name_end == std::string::npos) return std::vector<double>(kResidentPages + 1);
  std::istringstream rest(text.substr(name_end + 1));
  std::string state;
  rest >> state;
  std::vector<double> fields{0};
  for (double field = 0; fields.size() <= kResidentPages && rest >> field;) fields.push_back(field);
  fields.resize(kResidentPages + 1);
  return fields;
}

double boot_time() {
  std::istringstream lines(content_of("/proc/stat"));
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

double count_open_fds() {
  DIR* directory = ::opendir("/proc/self/fd");
  if (directory == nullptr) return 0;
  double count = -3;  // `.`, `..` and the descriptor of this directory
  while (::readdir(directory) != nullptr) ++count;
  ::closedir(directory);
  return count;
}

}  // namespace

ProcessFacts process_facts() {
  const std::vector<double> fields = stat_fields();
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessFacts facts;
  facts.cpu_seconds = (fields[kUserTicks] + fields[kSystemTicks]) / ticks;
  facts.virtual_bytes = fields[kVirtualBytes];
  facts.resident_bytes = fields[kResidentPages] * static_cast<double>(::sysconf(_SC_PAGESIZE));
  facts.start_time_seconds = boot_time() + fields[kStartTicks] / ticks;
  facts.open_fds = count_open_fds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) facts.max_fds = static_cast<double>(limit.rlim_cur);
  return facts;
}

}  // namespace banyan::observe
