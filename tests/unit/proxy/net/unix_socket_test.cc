#include "proxy/net/unix_socket.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "proxy/net/tcp_listener.h"
#include "proxy/net/tcp_transport.h"
#include "tests/support/loop_fixture.h"

namespace banyan::net {
namespace {

class UnixSocketTest : public test::LoopTest {
 protected:
  UnixSocketTest() {
    char name[] = "/tmp/banyan-unix-XXXXXX";
    directory_ = ::mkdtemp(name);
  }
  ~UnixSocketTest() override { std::filesystem::remove_all(directory_); }
  [[nodiscard]] std::string path(const std::string& name = "s") const {
    return directory_ + "/" + name;
  }
  std::string directory_;
};

TEST_F(UnixSocketTest, IsForItsOwnerAlone) {
  const auto fd = bind_unix(path());
  ASSERT_TRUE(fd);
  struct stat found {};
  ASSERT_EQ(::stat(path().c_str(), &found), 0);
  EXPECT_TRUE(S_ISSOCK(found.st_mode));
  EXPECT_EQ(found.st_mode & 0777U, 0600U);
  ::close(*fd);
}

TEST_F(UnixSocketTest, OneThatWasLeftBehindIsReplaced) {
  const auto first = bind_unix(path());
  ASSERT_TRUE(first);
  ::close(*first);  // as after a kill: the file stays
  const auto second = bind_unix(path());
  ASSERT_TRUE(second) << second.error().detail;
  const auto client = connect_unix(path());
  EXPECT_TRUE(client);
  if (client) ::close(*client);
  ::close(*second);
}

TEST_F(UnixSocketTest, OneThatSomebodyListensOnStays) {
  const auto first = bind_unix(path());
  ASSERT_TRUE(first);
  const auto second = bind_unix(path());
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().detail.find("another process listens there"), std::string::npos);
  ::close(*first);
}

TEST_F(UnixSocketTest, AFileThatIsNoSocketStays) {
  std::ofstream(path()) << "precious";
  EXPECT_FALSE(bind_unix(path()));
  EXPECT_EQ(std::filesystem::file_size(path()), 8U);
}

TEST_F(UnixSocketTest, WhatCanNotBeBoundOrReachedSaysWhy) {
  EXPECT_FALSE(bind_unix(""));
  EXPECT_FALSE(bind_unix("/tmp/" + std::string(kUnixPathBytesMax, 'x')));
  EXPECT_FALSE(bind_unix(path("none/s")));
  const auto nobody = connect_unix(path());
  ASSERT_FALSE(nobody);
  EXPECT_NE(nobody.error().detail.find("No such file"), std::string::npos);
}

struct Recording final : TransportEvents {
  void on_connected() override { connected = true; }
  void on_read(Bytes bytes) override { got += bytes; }
  void on_read_end() override { ended = true; }
  void on_transport_error(Error) override { failed = true; }
  std::string got;
  bool connected = false, ended = false, failed = false;
};

TEST_F(UnixSocketTest, CarriesBytesBothWays) {
  const auto fd = bind_unix(path());
  ASSERT_TRUE(fd);
  Recording server_events, client_events;
  std::unique_ptr<TcpTransport> server;
  auto listener = TcpListener::listen(loop, *fd, [&](std::unique_ptr<TcpTransport> accepted) {
    server = std::move(accepted);
    server->start(server_events);
  });
  ASSERT_TRUE(listener);
  const auto connected = connect_unix(path());
  ASSERT_TRUE(connected);
  const auto client = TcpTransport::open(loop, Role::primary, *connected, client_events);
  EXPECT_FALSE(client_events.connected) << "told later, not from inside of the call";
  client->copy("question");
  ASSERT_TRUE(run_until([&] { return server_events.got == "question"; }));
  EXPECT_TRUE(client_events.connected);
  EXPECT_EQ(server->peer(), "");
  server->copy("answer");
  server->finish();
  ASSERT_TRUE(run_until([&] { return client_events.ended; }));
  EXPECT_EQ(client_events.got, "answer");
}

}  // namespace
}  // namespace banyan::net
