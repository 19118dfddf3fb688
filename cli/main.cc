#include <cstdio>
#include <exception>

#include "cli/command.h"

int main(int argc, char** argv) {
  try {
    return banyan::cli::run_command_line(argc, argv);
  } catch (const std::exception& error) {
    std::fputs("banyan: ", stderr);
    std::fputs(error.what(), stderr);
    std::fputs("\n", stderr);
    return banyan::cli::kFailed;
  }
}
