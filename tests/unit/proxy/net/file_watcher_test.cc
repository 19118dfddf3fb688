#include "proxy/net/file_watcher.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/support/loop_fixture.h"

namespace banyan::net {
namespace {

namespace fs = std::filesystem;

class FileWatcherTest : public test::LoopTest {
 protected:
  FileWatcherTest() {
    std::string name = (fs::temp_directory_path() / "watched-XXXXXX").string();
    EXPECT_NE(::mkdtemp(name.data()), nullptr);
    directory = name;
  }
  ~FileWatcherTest() override {
    watcher.reset();
    turn();
    fs::remove_all(directory);
  }
  void watch() {
    auto made = FileWatcher::watch(loop, directory.string(), [this] { ++events; });
    ASSERT_TRUE(made);
    watcher = std::move(*made);
  }
  void write(const std::string& name, const std::string& text) {
    std::ofstream(directory / name) << text;
  }
  bool told() {
    const int before = events;
    return run_until([&] { return events > before; });
  }
  void settle() {
    int before = -1;
    while (before != events) {
      before = events;
      turn();
    }
  }

  fs::path directory;
  std::unique_ptr<FileWatcher> watcher;
  int events = 0;
};

TEST_F(FileWatcherTest, TellsOfAFileThatIsWrittenReplacedOrRemoved) {
  write("a", "1");
  watch();
  write("a", "2");
  EXPECT_TRUE(told());
  settle();
  write("b", "3");
  EXPECT_TRUE(told());
  settle();
  fs::rename(directory / "b", directory / "a");
  EXPECT_TRUE(told());
  settle();
  fs::remove(directory / "a");
  EXPECT_TRUE(told());
}

TEST_F(FileWatcherTest, TellsOfAMountedConfigMapsSwap) {
  fs::create_directory(directory / "..1");
  fs::create_directory(directory / "..2");
  fs::create_symlink("..1", directory / "..data");
  fs::create_symlink("..data/banyan.yaml", directory / "banyan.yaml");
  watch();
  fs::create_symlink("..2", directory / "..data_tmp");
  settle();
  fs::rename(directory / "..data_tmp", directory / "..data");
  EXPECT_TRUE(told());
}

TEST_F(FileWatcherTest, ADirectoryThatIsNotThereIsAnError) {
  const auto made = FileWatcher::watch(loop, (directory / "missing").string(), [] {});
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().detail.find("missing"), std::string::npos);
}

TEST_F(FileWatcherTest, DestroyedItSaysNothingMore) {
  watch();
  write("a", "1");
  watcher.reset();  // the event waits in the kernel
  settle();
  EXPECT_EQ(events, 0);
}

}  // namespace
}  // namespace banyan::net
