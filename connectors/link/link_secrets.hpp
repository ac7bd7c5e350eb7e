#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "config/secret.hpp"
#include "event/thread_check.hpp"

namespace tributary::connectors {

/// What became of reading a connector's secrets: all values in order, or why one could not be read.
struct SecretsRead {
  std::vector<config::SecretValue> values;
  std::string fault;     ///< not empty: `values` are not all; holds nothing of a secret
  bool fixed = false;    ///< that cannot change while the program runs, e.g. a variable of the environment
  bool stopped = false;  ///< the program stops, and with it the command that was asked
};

/// The secrets of one connector, read and watched on a worker, since a file may hang and a command takes its time.
/// Owned by a Link; answers come on the io thread, never after its end. At most one reading and one look are awaited.
/// The io_context must outlive the workers' jobs: join the pool first. Thread: io.
class LinkSecrets {
 public:
  LinkSecrets(boost::asio::io_context& io, boost::asio::thread_pool& workers, std::vector<config::Secret> secrets);

  /// Reads all anew, Kind::none as "". An earlier reading that has not answered is forgotten. When the program's stop
  /// ends a command, there is no answer.
  void read(std::function<void(SecretsRead)> done);
  /// Whether one of them has changed since it was last read; nothing happens while an earlier look is on its way.
  void look(std::function<void()> changed);
  /// The answers awaited are not wanted any more; a job that hangs is left to itself.
  void forget();

  /// How long a reading may take at most: the commands' own timeouts together and some time for the files.
  std::chrono::milliseconds patience() const;

 private:
  struct Book;  ///< what the jobs share
  struct Awaited {
    std::uint64_t reading = 0;
    bool looking = false;
  };
  std::shared_ptr<Book> open_book() const;

  [[no_unique_address]] event::ThreadCheck thread_;
  boost::asio::io_context& io_;
  boost::asio::thread_pool& workers_;
  std::shared_ptr<const std::vector<config::Secret>> secrets_;
  std::shared_ptr<Book> book_;
  std::shared_ptr<Awaited> awaited_;  ///< answers hold it weakly
};

}  // namespace tributary::connectors
