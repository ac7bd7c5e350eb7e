#include "connectors/link/posts.hpp"

#include <boost/asio/steady_timer.hpp>
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
};

Posts::Posts(boost::asio::io_context& io, boost::asio::thread_pool& workers, Answered answered)
    : io_(io), workers_(workers), answered_(std::move(answered)) {}

Posts::~Posts() {
  for (const auto& [number, posting] : postings_) {
    if (posting->exchange) posting->exchange->cancel();
  }
}

void Posts::send(Post post) {
  const std::uint64_t number = post.number;
  const auto made = std::make_shared<Posting>(io_, std::move(post));
  postings_[number] = made;
  if (made->post.secret.empty()) return exchange(*made);
  made->secrets.emplace(io_, workers_, std::vector<config::Secret>{made->post.secret});
  made->patience.expires_after(made->secrets->patience());
  const auto unreadable = [this, number](std::string why) {
    net::Ending ending;
    ending.reason = net::Reason::credential_unreadable;
    ending.detail = std::move(why);
    answer(number, std::move(ending));
  };
  made->patience.async_wait(
      [posting = std::weak_ptr<Posting>(made), unreadable](const boost::system::error_code& cancelled) {
        if (!cancelled && posting.lock()) unreadable("reading it does not end");
      });
  made->secrets->read([this, posting = std::weak_ptr<Posting>(made), unreadable](SecretsRead read) {
    const auto still = posting.lock();
    if (!still) return;
    still->patience.cancel();
    if (!read.fault.empty()) return unreadable(std::move(read.fault));
    const std::string value(read.values.at(0).reveal());
    still->redaction.keep_out({value});
    still->post.request.headers.emplace_back(still->post.header, value);
    exchange(*still);
  });
}

void Posts::exchange(Posting& posting) {
  posting.exchange = net::HttpExchange::start(
      io_, posting.post.request,
      [this, number = posting.post.number](net::HttpExchange::Result result) { answer(number, std::move(result)); });
  posting.post.request = {};
}

void Posts::answer(std::uint64_t number, Result result) {
  const auto at = postings_.find(number);
  if (at == postings_.end()) return;
  const auto posting = std::move(at->second);
  postings_.erase(at);
  if (auto* answer = std::get_if<net::HttpAnswer>(&result)) {
    answer->body = posting->redaction.wiped(answer->body);
  } else {
    auto& ending = std::get<net::Ending>(result);
    ending.detail = posting->redaction.wiped(ending.detail);
  }
  answered_(number, std::move(result));
}

}  // namespace tributary::connectors
