#include "connectors/link/link.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <exception>
#include <utility>

#include "text/url.hpp"

namespace tributary::connectors {
namespace {

constexpr auto never = event::SteadyTime::max();
/// Bytes that may wait in the socket when a message is given to it: what waits longer waits in its sink, where it can
/// grow too old.
constexpr std::size_t waiting_before_message = std::size_t{64} << 10U;
constexpr int normal_closure = 1000;
constexpr int going_away = 1001;

event::Now read_clocks() {
  return {std::chrono::steady_clock::now(),
          std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now())};
}

net::SessionSettings session_settings(const LinkSettings& settings) {
  const config::ConnectorCommon& common = *settings.common;
  net::SessionSettings session;
  session.dial = common.timeouts.dial;
  session.handshake = common.timeouts.handshake;
  session.pong = common.timeouts.pong;
  session.idle = common.timeouts.idle;
  session.ping_interval = common.ping_interval;
  session.pause_limit = settings.pause_limit;
  session.backoff.base = common.backoff.base;
  session.backoff.cap = common.backoff.cap;
  session.backoff.reset_after = common.backoff.reset_after;
  return session;
}

Conversation::Settings conversation_settings(const LinkSettings& settings) {
  return {settings.connector, settings.source,    session_settings(settings),
          settings.seed,      settings.last_seen, settings.memory};
}

std::vector<config::Secret> all_secrets(const Protocol& protocol, const config::ConnectorCommon& common) {
  std::vector<config::Secret> secrets = protocol.secrets();
  for (const auto& [header, secret] : common.headers) secrets.push_back(secret);
  return secrets;
}

void wipe(std::vector<std::string>& secrets) {
  for (std::string& secret : secrets) config::SecretValue(std::move(secret));
  secrets.clear();
}

void set_header(net::DialTarget& target, const std::string& name, const std::string& value) {
  for (auto& [header, text] : target.headers) {
    if (net::same_header(header, name)) {
      text = value;
      return;
    }
  }
  target.headers.emplace_back(name, value);
}

net::Ending broken(const char* what) {
  net::Ending ending;
  ending.reason = net::Reason::internal;
  ending.detail = std::string("a fault of this program, please report it: ") + what;
  return ending;
}

}  // namespace

net::TlsSettings tls_settings(const config::Tls& tls) {
  return {tls.ca_file.resolved.string(), tls.certificate.resolved.string(), tls.key.resolved.string(), tls.server_name,
          tls.insecure};
}

Link::Link(LinkSettings settings, std::unique_ptr<Protocol> protocol, const LinkSurroundings& surroundings)
    : settings_(std::move(settings)),
      protocol_(std::move(protocol)),
      around_(surroundings),
      protocol_secrets_(protocol_->secrets().size()),
      secrets_(around_.io, around_.workers, all_secrets(*protocol_, *settings_.common)),
      conversation_(conversation_settings(settings_), *protocol_, around_.intake, around_.observer, *this),
      timer_(around_.io),
      self_(std::make_shared<Link*>(this)) {
  for (const auto& [header, secret] : settings_.common->headers) header_names_.push_back(header);
}

Link::~Link() {
  if (fetch_) fetch_->cancel();
  for (const event::OutboundPtr& outbound : outbounds_) outbound->on_work({});
  conversation_.detach_all(read_clocks());
  drop();
}

void Link::start() {
  guarded([&] { conversation_.start(read_clocks()); });
}

void Link::stop(std::chrono::milliseconds patience, std::function<void()> stopped) {
  on_stopped_.push_back(std::move(stopped));
  guarded([&] {
    const event::Now now = read_clocks();
    conversation_.stop(now.steady + patience, now);
  });
}

bool Link::adopt(const std::shared_ptr<const connectors::Settings>& settings) {
  bool taken = false;
  guarded([&] { taken = conversation_.adopt(settings, read_clocks()); });
  // the same in another object: the old one can go
  if (taken) settings_.common = common_of(settings);
  return taken;
}

void Link::attach(const event::OutboundPtr& outbound) {
  outbounds_.push_back(outbound);
  outbound->on_work([&io = around_.io, self = std::weak_ptr<Link*>(self_)] {
    boost::asio::post(io, [self] {
      if (const auto link = self.lock()) {
        (*link)->guarded([&] { (*link)->conversation_.work(read_clocks()); });
      }
    });
  });
  guarded([&] { conversation_.attach(outbound, read_clocks()); });
}

void Link::detach(event::Outbound& outbound) {
  outbound.on_work({});
  conversation_.detach(outbound, read_clocks());
  std::erase_if(outbounds_, [&](const event::OutboundPtr& each) { return each.get() == &outbound; });
}

void Link::record(std::shared_ptr<Tape> tape) {
  conversation_.record_on(tape.get());
  tape_ = std::move(tape);
}

// ── the socket speaks ───────────────────────────────────────────────────────────────────────────────────────────────

void Link::on_open(std::string_view) {
  guarded([&] { conversation_.opened(read_clocks()); });
}

void Link::on_message(std::string_view payload, bool binary) {
  if (!read_moment_) read_moment_ = read_clocks();
  guarded([&] { conversation_.message(payload, binary, *read_moment_); });
}

void Link::on_pong() {
  guarded([&] { conversation_.pong(read_clocks()); });
}

void Link::on_read_end() {
  read_moment_.reset();
  guarded([&] { conversation_.read_end(read_clocks()); });
}

void Link::on_drained() {
  guarded([&] { conversation_.drained(read_clocks()); });
}

void Link::on_end(net::Ending ending) {
  socket_.reset();
  read_moment_.reset();
  guarded([&] { conversation_.ended(std::move(ending), read_clocks()); });
}

/// Nothing that our side throws leaves the connector: it costs the connection.
template <class Action>
void Link::guarded(Action&& action) {
  thread_.check();
  try {
    action();
  } catch (const std::exception& thrown) {
    try {
      conversation_.fail(broken(thrown.what()), read_clocks());
    } catch (const std::exception&) {
      drop();
      end_without_socket();
    }
  }
  watch_clock();
}

/// Runs on the io thread after this call has returned, unless the Link is gone by then.
template <class Later>
void Link::later(Later&& later_on) {
  boost::asio::post(around_.io, [self = std::weak_ptr<Link*>(self_), later_on = std::forward<Later>(later_on)] {
    if (const auto link = self.lock()) later_on(**link);
  });
}

// ── the conversation asks ───────────────────────────────────────────────────────────────────────────────────────────

void Link::prepare() {
  secrets_.forget();
  secrets_by_ = never;
  turn_ = around_.budget.reserve(std::chrono::steady_clock::now());
}

void Link::read_secrets() {
  secrets_by_ = std::chrono::steady_clock::now() + secrets_.patience();
  secrets_.read([this](SecretsRead read) { guarded([&] { take_secrets(std::move(read)); }); });
}

void Link::take_secrets(SecretsRead read) {
  secrets_by_ = never;
  if (!read.fault.empty()) return conversation_.secret_unreadable(read.fault, read_clocks(), read.fixed);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < read.values.size(); ++i) {
    (i < protocol_secrets_ ? values : header_values_).emplace_back(read.values[i].reveal());
  }
  // A header's value in plain text is no secret, and may well be an ordinary word.
  std::vector<std::string> kept_out;
  auto value = header_values_.begin();
  for (const auto& [name, secret] : settings_.common->headers) {
    if (secret.kind != config::Secret::Kind::value) kept_out.push_back(*value);
    ++value;
  }
  for (std::string& secret : text::secrets_of(settings_.common->proxy)) kept_out.push_back(std::move(secret));
  conversation_.secrets_read(values, kept_out, read_clocks());
  wipe(kept_out);
  wipe(values);
  wipe(header_values_);
}

void Link::connect(net::DialTarget target) {
  const config::ConnectorCommon& common = *settings_.common;
  for (std::size_t i = 0; i < header_values_.size(); ++i) set_header(target, header_names_[i], header_values_[i]);
  target.tls = tls_settings(common.tls);
  target.proxy = common.proxy;
  target.frame_limit = static_cast<std::size_t>(common.frame_limit.bytes);
  if (common.timeouts.dial.count() > 0) target.dial_timeout = common.timeouts.dial;
  socket_ = net::dial(around_.io, target, *this);
}

bool Link::send(std::string_view payload, bool binary) {
  if (!socket_) return false;
  return binary ? socket_->send_binary(payload) : socket_->send_text(payload);
}

bool Link::room() {
  if (!socket_ || !socket_->writable()) return false;
  if (socket_->unsent_bytes() < waiting_before_message) return true;
  socket_->tell_drained(waiting_before_message / 2);
  return false;
}

void Link::post(Post post) {
  post.request.tls = tls_settings(settings_.common->tls);
  post.request.proxy = settings_.common->proxy;
  if (!posts_) {
    Posts::Owner owner;
    owner.left = [this](std::uint64_t number) { guarded([&] { conversation_.left(number, read_clocks()); }); };
    owner.answered = [this](std::uint64_t number, Posts::Result result) {
      guarded([&] { conversation_.answered(number, std::move(result), read_clocks()); });
    };
    owner.unsent = [this](std::uint64_t number, net::Ending why, bool never) {
      guarded([&] { conversation_.unsent(number, std::move(why), never, read_clocks()); });
    };
    posts_ = std::make_unique<Posts>(around_.io, around_.workers, std::move(owner));
  }
  posts_->send(std::move(post));
}

void Link::ping() {
  if (socket_) socket_->send_ping();
}

void Link::close(const net::Ending& ending) {
  if (!socket_) return end_without_socket();
  socket_->close(ending.reason == net::Reason::stopped ? going_away : normal_closure, "");
}

void Link::abort(const net::Ending& ending) {
  if (!socket_) return end_without_socket();
  socket_->abort(ending);
}

void Link::drop() {
  if (!socket_) return;
  const auto socket = std::move(socket_);
  socket->detach();
  socket->abort({});
}

/// The dial itself broke: nobody else will say that it is over.
void Link::end_without_socket() {
  later([](Link& link) { link.on_end({}); });
}

void Link::pause_reading(bool paused) {
  if (!socket_) return;
  if (paused) {
    socket_->pause_reading();
  } else {
    socket_->resume_reading();
  }
}

void Link::await_room() {
  around_.intake.on_room([&io = around_.io, self = std::weak_ptr<Link*>(self_)] {
    boost::asio::post(io, [self] {
      if (const auto link = self.lock()) {
        (*link)->guarded([&] { (*link)->conversation_.room(read_clocks()); });
      }
    });
  });
}

/// On the connector's own way: its proxy, its certificates.
void Link::fetch(net::HttpRequest request) {
  request.proxy = settings_.common->proxy;
  request.tls = tls_settings(settings_.common->tls);
  if (fetch_) fetch_->cancel();  // nobody waits for it any more
  fetch_ = net::HttpExchange::start(around_.io, request, [this](net::HttpExchange::Result result) {
    fetch_.reset();
    guarded([&] { conversation_.fetched(std::move(result), read_clocks()); });
  });
}

void Link::stopped() {
  if (fetch_) std::exchange(fetch_, nullptr)->cancel();
  secrets_.forget();
  turn_ = secrets_by_ = look_at_ = never;
  for (auto& callback : std::exchange(on_stopped_, {})) boost::asio::post(around_.io, std::move(callback));
}

// ── time ────────────────────────────────────────────────────────────────────────────────────────────────────────────

/// Sees to it that the timer fires no later than the next moment that matters. One that fires too early looks again, so
/// that traffic, which only puts deadlines off, touches no timer.
void Link::watch_clock() {
  if (conversation_.wants_secret_changes()) {
    if (look_at_ == never) look_at_ = std::chrono::steady_clock::now() + settings_.secret_poll;
  } else {
    look_at_ = never;
  }
  const event::SteadyTime next = std::min({conversation_.deadline(), turn_, secrets_by_, look_at_});
  if (next >= armed_) return;
  armed_ = next;
  timer_.expires_at(next);
  timer_.async_wait([self = std::weak_ptr<Link*>(self_), next](const boost::system::error_code& error) {
    const auto link = self.lock();
    if (!error && link && (*link)->armed_ == next) (*link)->on_timer();
  });
}

void Link::on_timer() {
  armed_ = never;
  guarded([&] {
    const event::Now now = read_clocks();
    if (now.steady >= turn_) {
      turn_ = never;
      read_secrets();
    }
    if (now.steady >= secrets_by_) {
      secrets_by_ = never;
      secrets_.forget();
      conversation_.secret_unreadable("reading it does not end", now);
    }
    if (now.steady >= look_at_) look_at_secrets(now.steady);
    conversation_.tick(now);
  });
}

void Link::look_at_secrets(event::SteadyTime now) {
  look_at_ = now + settings_.secret_poll;
  secrets_.look([this] { guarded([&] { conversation_.secret_changed(read_clocks()); }); });
}

}  // namespace tributary::connectors
