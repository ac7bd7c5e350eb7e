#include "connectors/link/posts.hpp"

#include <boost/asio/steady_timer.hpp>
#include <exception>
#include <optional>
#include <string>
#include <utility>

#include "connectors/link/link_secrets.hpp"
#include "connectors/link/redaction.hpp"

namespace tributary::connectors {

/// One request on its way. What is called later holds it weakly.
struct Posts::Posting {
  Posting(boost::asio::io_context& io, Post asked) : post(std::move(asked)), patience(io) {}

  Post post;
  std::optional<LinkSecrets> secrets;
  boost::asio::steady_timer patience;  ///< for the secret; the request has its own
  Redaction redaction;
  std::shared_ptr<net::HttpExchange> exchange;
  bool left = false;
};

namespace {

net::Ending unreadable(std::string why) {
  net::Ending ending;
  ending.reason = net::Reason::credential_unreadable;
  ending.detail = std::move(why);
  return ending;
}

}  // namespace

Posts::Posts(boost::asio::io_context& io, boost::asio::thread_pool& workers, Owner owner)
    : io_(io), workers_(workers), owner_(std::move(owner)) {}

Posts::~Posts() {
  while (!postings_.empty()) take(postings_.begin()->first);
}

void Posts::send(Post post) {
  thread_.check();
  const std::uint64_t number = post.number;
  take(number);
  const auto made = std::make_shared<Posting>(io_, std::move(post));
  if (made->post.secret.empty()) {
    exchange(*made);
    postings_[number] = made;
    return;
  }
  made->secrets.emplace(io_, workers_, std::vector<config::Secret>{made->post.secret});
  made->patience.expires_after(made->secrets->patience());
  made->patience.async_wait(
      [this, number, posting = std::weak_ptr<Posting>(made)](const boost::system::error_code& cancelled) {
        if (!cancelled && posting.lock()) unsent(number, unreadable("reading it does not end"));
      });
  made->secrets->read([this, number, posting = std::weak_ptr<Posting>(made)](SecretsRead read) {
    const auto still = posting.lock();
    if (!still) return;
    still->patience.cancel();
    if (!read.fault.empty()) return unsent(number, unreadable(std::move(read.fault)), read.fixed);
    const std::string value(read.values.at(0).reveal());
    still->redaction.keep_out({value});
    still->post.request.headers.emplace_back(still->post.header, value);
    try {
      exchange(*still);
    } catch (const std::exception& fault) {
      net::Ending ending;
      ending.reason = net::Reason::internal;
      ending.detail = std::string("a fault of this program, please report it: ") + fault.what();
      unsent(number, std::move(ending));
    }
  });
  postings_[number] = made;
}

void Posts::exchange(Posting& posting) {
  posting.exchange = net::HttpExchange::start(
      io_, posting.post.request,
      [this, number = posting.post.number](net::HttpExchange::Result result) { answer(number, std::move(result)); },
      [this, &posting] {
        posting.left = true;
        owner_.left(posting.post.number);
      });
  posting.post.request = {};
}

/// Of a post that is not wanted any more, too.
std::shared_ptr<Posts::Posting> Posts::take(std::uint64_t number) {
  const auto at = postings_.find(number);
  if (at == postings_.end()) return nullptr;
  const auto posting = std::move(at->second);
  postings_.erase(at);
  if (posting->exchange) posting->exchange->cancel();
  return posting;
}

void Posts::answer(std::uint64_t number, Result result) {
  thread_.check();
  const auto at = postings_.find(number);
  if (at == postings_.end()) return;
  auto* ending = std::get_if<net::Ending>(&result);
  if (ending != nullptr && !at->second->left) return unsent(number, std::move(*ending));
  const auto posting = take(number);
  if (ending != nullptr) {
    ending->detail = posting->redaction.wiped(ending->detail);
  } else {
    auto& answer = std::get<net::HttpAnswer>(result);
    answer.body = posting->redaction.wiped(answer.body);
  }
  owner_.answered(number, std::move(result));
}

void Posts::unsent(std::uint64_t number, net::Ending why, bool never) {
  thread_.check();
  const auto posting = take(number);
  if (!posting) return;
  why.detail = posting->redaction.wiped(why.detail);
  owner_.unsent(number, std::move(why), never);
}

}  // namespace tributary::connectors
