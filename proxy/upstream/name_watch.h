// proxy/upstream/name_watch.h: the host names of all upstreams and webhooks, and what they stand
// for now.
//
// Lives on the control thread and never on a worker's: workers get an immutable AddressBook, so no
// request ever waits for DNS and N workers ask once. A name is asked for again when its TTL ends; a
// failed one soon again, and its last good addresses stay.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "config/snapshot.h"
#include "proxy/net/loop.h"
#include "proxy/net/resolver.h"
#include "proxy/upstream/address_book.h"

namespace banyan::upstream {

class NameWatch {
 public:
  // How long the start, and a reload that brings new names, wait for the first answers.
  static constexpr Milliseconds kFirstAnswersMax{1'000};

  using Changed = std::function<void(std::shared_ptr<const AddressBook>)>;
  // `changed` comes with every change but those inside watch().
  NameWatch(net::Loop& loop, Changed changed);
  ~NameWatch();
  NameWatch(const NameWatch&) = delete;
  NameWatch& operator=(const NameWatch&) = delete;

  // The names of this configuration from now on. Asks for new ones and waits for them, within
  // kFirstAnswersMax; names that were known keep what they have.
  void watch(const config::Snapshot& snapshot);
  [[nodiscard]] std::shared_ptr<const AddressBook> book() const { return book_; }

  struct Name {
    std::string host;
    std::vector<std::string> addresses;
    std::uint64_t answers = 0;
    std::uint64_t failures = 0;
    std::string problem;  // of the last look; empty where it was answered
  };
  [[nodiscard]] std::vector<Name> names() const;

 private:
  struct Entry;
  void ask(Entry& entry);
  void on_answer(Entry& entry, net::Resolver::Answer answer);
  void open_resolver();
  void write_book();

  net::Loop& loop_;
  Changed changed_;
  std::vector<config::Address> servers_;
  std::map<std::string, std::unique_ptr<Entry>> entries_;
  std::unique_ptr<net::Resolver> resolver_;  // nullptr: not needed, or it could not be opened
  std::shared_ptr<const AddressBook> book_ = std::make_shared<const AddressBook>();
  bool watching_ = false;  // inside watch()
};

}  // namespace banyan::upstream
