#include "connectors/simulation/stage.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

#include "text/url.hpp"

namespace tributary::connectors {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds tick_interval{5};
constexpr std::size_t unsent_limit = 1u << 20;  ///< a client that does not read gets no more for now
constexpr std::size_t oversize_bytes = 5u << 20;
constexpr double credit_limit_seconds = 1;  ///< how much a late tick catches up

constexpr std::string_view no_show = "show=off";  ///< in the query of a client that is not there for the show

bool asks_for_no_show(std::string_view target) {
  const auto query = target.find('?');
  if (query == std::string_view::npos) return false;
  target.remove_prefix(query + 1);
  for (std::string_view rest = target;;) {
    const auto end = rest.find('&');
    if (rest.substr(0, end) == no_show) return true;
    if (end == std::string_view::npos) return false;
    rest.remove_prefix(end + 1);
  }
}

event::WallTime wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

}  // namespace

// ── Cue ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

void Cue::set(std::chrono::milliseconds delay, std::function<void()> then) {
  then_ = std::make_shared<std::function<void()>>(std::move(then));
  timer_.expires_after(delay);
  timer_.async_wait([wanted = std::weak_ptr(then_)](const boost::system::error_code& error) {
    const auto due = wanted.lock();
    if (!error && due) (*due)();
  });
}

void Cue::cancel() {
  then_.reset();
  timer_.cancel();
}

// ── Client ──────────────────────────────────────────────────────────────────────────────────────────────────────────

bool Client::reads() const { return socket_ != nullptr && socket_->unsent_bytes() < unsent_limit; }

void Client::say(std::string_view text) {
  if (socket_ == nullptr) return;
  ++stage_.frames_;
  stage_.frames_log_.told(number_, text, wall_now());
  socket_->send_text(text);
}

void Client::say_binary(std::string_view bytes) {
  if (socket_ == nullptr) return;
  ++stage_.frames_;
  socket_->send_binary(bytes);
}

void Client::ping() {
  if (socket_ != nullptr) socket_->send_ping();
}

void Client::close(int code, std::string_view reason) {
  live_ = false;
  if (socket_ != nullptr) socket_->close(code, reason);
}

void Client::drop() {
  live_ = false;
  if (socket_ != nullptr) socket_->abort({net::Reason::stopped, "simulated end", 0, 0});
}

void Client::come_live() {
  if (live_ || socket_ == nullptr) return;
  live_ = true;
  stage_.came_live(*this);
}

void Client::on_open(std::string_view subprotocol) {
  static_cast<void>(subprotocol);
  const auto self = shared_from_this();
  role_->opened();
}

void Client::on_message(std::string_view payload, bool binary) {
  const auto self = shared_from_this();
  if (!binary) stage_.frames_log_.heard(number_, payload, wall_now());
  role_->heard(payload, binary);
}

void Client::on_pong() {
  const auto self = shared_from_this();
  role_->pinged_back();
}

void Client::on_end(net::Ending ending) {
  static_cast<void>(ending);
  const auto self = shared_from_this();
  detach();
  stage_.frames_log_.ended(number_, wall_now());
  stage_.went(*this);
}

void Client::detach() {
  live_ = false;
  if (socket_ != nullptr) socket_->detach();
  socket_.reset();
  goodbye_.reset();
}

// ── Stage ───────────────────────────────────────────────────────────────────────────────────────────────────────────

Stage::Stage(boost::asio::io_context& io, const SimulatorOptions& options, const StageSettings& settings,
             const MakePlay& make)
    : io_(io),
      options_(options),
      settings_(settings),
      frames_log_(settings.frames),
      audience_(options.seed),
      play_(make(*this)),
      ticker_(io),
      patience_(static_cast<std::uint32_t>(options.seed)) {}

Stage::~Stage() { end_all(); }

void Stage::start() {
  const bool door = settings_.segment_bytes > 0 || settings_.hang;
  net::WebSocketServer::Settings listening;
  listening.host = door ? "127.0.0.1" : options_.host;
  listening.port = door ? std::uint16_t{0} : options_.port;
  listening.tls.certificate = options_.certificate;
  listening.tls.key = options_.key;
  server_ = net::WebSocketServer::listen(
      io_, listening, [this](const net::UpgradeRequest& request) { return answer(request); },
      [this](std::shared_ptr<net::WebSocket> socket, net::WebSocketListener* listener) {
        const auto client = clients_.find(listener);
        if (client != clients_.end()) client->second->socket_ = std::move(socket);
      });
  if (door) {
    door_ = std::make_unique<Segmenter>(io_, options_.host, options_.port, server_->port(),
                                        settings_.hang ? 0 : settings_.segment_bytes);
  }
  over_ = false;
  play_->start(options_);
  last_tick_ = Clock::now();
  tick();
}

void Stage::stop() {
  thread_.check();
  end_all();
}

void Stage::end_show() {
  thread_.check();
  options_.rate = 0;
}

/// Once: who stops it on its thread may destroy it on another.
void Stage::end_all() {
  if (std::exchange(over_, true)) return;
  ticker_.cancel();
  play_->stop();
  for (auto& [listener, client] : clients_) client->detach();
  live_.clear();
  if (door_) door_->stop();
  if (server_) server_->stop();
  clients_.clear();
}

std::uint16_t Stage::port() const {
  if (door_) return door_->port();
  return server_ ? server_->port() : std::uint16_t{0};
}

std::string Stage::url() const { return address() + play_->path(); }

std::string Stage::listener_url() const {
  const auto path = play_->listener_path();
  return path.empty() ? "" : address() + path + "?" + std::string(no_show);
}

std::string Stage::address() const {
  text::Url url;
  url.scheme = options_.certificate.empty() ? "ws" : "wss";
  url.host = options_.host;
  url.port = port();
  return url.scheme + "://" + url.host_and_port();
}

std::string Stage::account() const {
  std::string line = "connections=" + std::to_string(connections_) + " sessions=" + std::to_string(sessions_) +
                     " frames=" + std::to_string(frames_) + " events=" + std::to_string(written_);
  if (const std::string more = play_->account(); !more.empty()) line += " " + more;
  for (const auto& [type, count] : by_type_) line += " " + type + "=" + std::to_string(count);
  return line;
}

net::UpgradeAnswer Stage::answer(const net::UpgradeRequest& request) {
  thread_.check();
  net::UpgradeAnswer answer = play_->admit(request);
  if (answer.status != 101) return answer;
  const auto client = std::make_shared<Client>(*this, ++connections_);
  frames_log_.opened(client->number(), request.target, request.header("Origin"), wall_now());
  client->role_ = play_->cast(*client, request);
  client->watches_ = !asks_for_no_show(request.target);
  answer.listener = client.get();
  clients_.emplace(client.get(), client);
  return answer;
}

void Stage::came_live(Client& client) {
  thread_.check();
  ++sessions_;
  live_.push_back(&client);
  if (settings_.goodbye_after.count() == 0) return;
  client.goodbye_ = std::make_unique<Cue>(io_);
  const auto half = settings_.goodbye_after / 2;
  const auto delay = half + settings_.goodbye_after * static_cast<int>(patience_() % 1000) / 1000;
  client.goodbye_->set(delay, [&client, how = settings_.goodbye] {
    how == StageSettings::Goodbye::close ? client.close(1000) : client.drop();
  });
}

void Stage::went(Client& client) {
  thread_.check();
  std::erase(live_, &client);
  const auto found = clients_.find(&client);
  if (found == clients_.end()) return;
  boost::asio::post(io_, [kept = std::move(found->second)] {});
  clients_.erase(found);
}

const std::vector<Client*>& Stage::live() {
  std::erase_if(live_, [](const Client* client) { return !client->live(); });
  return live_;
}

std::vector<Client*> Stage::listeners() {
  const auto& all = live();
  std::vector<Client*> chosen;
  for (std::size_t tried = 0; tried < all.size(); ++tried) {
    turn_ = (turn_ + 1) % all.size();
    if (!all[turn_]->watches() || !all[turn_]->reads()) continue;
    chosen.push_back(all[turn_]);
    if (!settings_.broadcast) break;
  }
  return chosen;
}

void Stage::wrote(std::string_view type, std::string_view id, std::string_view json, event::WallTime now) {
  ++written_;
  const auto known = by_type_.find(type);
  ++(known != by_type_.end() ? known->second : by_type_[std::string(type)]);
  if (options_.written) options_.written({id, json, now});
}

void Stage::tick() {
  ticker_.set(tick_interval, [this] {
    perform();
    tick();
  });
}

/// Writes as many events as are due.
void Stage::perform() {
  thread_.check();
  const auto now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - last_tick_).count();
  last_tick_ = now;
  const auto& all = live();
  const bool watched = std::any_of(all.begin(), all.end(), [](const Client* client) { return client->watches(); });
  if (options_.rate <= 0 || !(watched || settings_.unattended)) return;
  const double pace = settings_.people ? audience_.pace() : 1.0;
  const auto group = std::max<std::uint64_t>(settings_.burst, 1);
  credit_ = std::min(credit_ + seconds * options_.rate * pace,
                     std::max(options_.rate * credit_limit_seconds, 1.0 + static_cast<double>(settings_.burst)));
  while (credit_ >= static_cast<double>(group)) {
    for (std::uint64_t done = 0; done < group; ++done, --credit_) {
      if (finished()) return;
      const std::uint64_t before = written_;
      play_->act(wall_now());
      if (written_ == before) return;
      write_oddities(before);
    }
  }
}

void Stage::write_oddities(std::uint64_t before) {
  const auto passed = [&](std::uint64_t n) { return n != 0 && written_ / n != before / n; };
  const auto all = live();
  for (Client* client : all) {
    if (passed(settings_.binary_every)) play_->say_binary(*client);
    if (passed(settings_.garbage_every)) client->say(play_->garbage());
  }
  if (before < settings_.oversize_after && settings_.oversize_after <= written_) {
    for (Client* client : all) client->say(play_->oversized(oversize_bytes));
  }
}

}  // namespace tributary::connectors
