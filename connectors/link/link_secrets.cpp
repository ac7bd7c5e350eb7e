#include "connectors/link/link_secrets.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <mutex>
#include <utility>
#include <variant>

namespace tributary::connectors {

struct LinkSecrets::Book {
  explicit Book(std::shared_ptr<const std::vector<config::Secret>> named) : secrets(std::move(named)) {
    for (const config::Secret& secret : *secrets) watches.emplace_back(secret);
  }

  SecretsRead read() {
    const std::lock_guard lock(mutex);
    SecretsRead result;
    // First the signatures: what changes while we read is seen as a change.
    for (config::SecretWatch& watch : watches) watch.changed();
    for (const config::Secret& secret : *secrets) {
      if (secret.empty()) {
        result.values.emplace_back();
        continue;
      }
      auto answer = reader.read(secret);
      if (auto* fault = std::get_if<config::SecretFault>(&answer)) {
        result.fault = fault->message.empty() ? "cannot be read" : fault->message;
        result.stopped = fault->stopped;
        result.fixed = secret.kind == config::Secret::Kind::env;
        return result;
      }
      result.values.push_back(std::move(std::get<config::SecretValue>(answer)));
    }
    return result;
  }

  bool changed() {
    const std::lock_guard lock(mutex);
    bool any = false;
    for (config::SecretWatch& watch : watches) any = watch.changed() || any;
    return any;
  }

  std::mutex mutex;
  const std::shared_ptr<const std::vector<config::Secret>> secrets;
  std::vector<config::SecretWatch> watches;
  config::SecretReader reader;
};

LinkSecrets::LinkSecrets(boost::asio::io_context& io, boost::asio::thread_pool& workers,
                         std::vector<config::Secret> secrets)
    : io_(io),
      workers_(workers),
      secrets_(std::make_shared<const std::vector<config::Secret>>(std::move(secrets))),
      book_(open_book()),
      awaited_(std::make_shared<Awaited>()) {}

std::shared_ptr<LinkSecrets::Book> LinkSecrets::open_book() const { return std::make_shared<Book>(secrets_); }

void LinkSecrets::read(std::function<void(SecretsRead)> done) {
  thread_.check();
  const std::uint64_t reading = ++awaited_->reading;
  std::weak_ptr<Awaited> awaited = awaited_;
  boost::asio::post(workers_, [&io = io_, book = book_, awaited, reading, done = std::move(done)]() mutable {
    SecretsRead result;
    try {
      result = book->read();
    } catch (const std::exception& thrown) {
      result.fault = thrown.what();
    }
    if (result.stopped) return;  // nobody waits for it any more, and it is no fault of the connector
    boost::asio::post(io, [awaited, reading, done = std::move(done), result = std::move(result)]() mutable {
      const auto still = awaited.lock();
      if (still && still->reading == reading) done(std::move(result));
    });
  });
}

void LinkSecrets::look(std::function<void()> changed) {
  thread_.check();
  if (std::exchange(awaited_->looking, true)) return;
  std::weak_ptr<Awaited> awaited = awaited_;
  boost::asio::post(workers_, [&io = io_, book = book_, awaited, changed = std::move(changed)]() mutable {
    const bool differs = book->changed();
    boost::asio::post(io, [awaited, differs, changed = std::move(changed)] {
      const auto still = awaited.lock();
      if (!still) return;
      still->looking = false;
      if (differs) changed();
    });
  });
}

void LinkSecrets::forget() {
  thread_.check();
  awaited_ = std::make_shared<Awaited>();
  book_ = open_book();  // the old one may be locked by a job that hangs
}

std::chrono::milliseconds LinkSecrets::patience() const {
  std::chrono::milliseconds total = std::chrono::seconds(10);
  for (const config::Secret& secret : *secrets_) {
    if (secret.kind == config::Secret::Kind::command) total += secret.timeout;
  }
  return total;
}

}  // namespace tributary::connectors
