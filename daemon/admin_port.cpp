#include "daemon/admin_port.hpp"

#include <unistd.h>

#include <iterator>
#include <system_error>
#include <utility>
#include <variant>

#include "admin/control_pages.hpp"
#include "admin/metrics_page.hpp"
#include "admin/watch_pages.hpp"
#include "config/load.hpp"
#include "daemon/commands.hpp"
#include "daemon/running.hpp"
#include "daemon/vocabulary.hpp"
#include "text/time.hpp"

namespace tributary::daemon {
namespace {

using namespace std::chrono_literals;

constexpr auto retired_for = 3s;

event::WallTime wall_now() { return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()); }

/// What is asked from this machine where every address is listened on.
std::string asked_at(const std::string& host, std::uint16_t port) {
  std::string address = host == "0.0.0.0" ? "127.0.0.1" : host == "::" ? "::1" : host;
  if (address.find(':') != std::string::npos) address = "[" + address + "]";
  return address + ":" + std::to_string(port);
}

/// Must another server be opened for it?
bool listens_otherwise(const config::Admin& one, const config::Admin& other) {
  return one.off() != other.off() || one.host() != other.host() || one.port() != other.port() ||
         one.token.has_value() != other.token.has_value();
}

admin::Pages all_pages(admin::Program& program, admin::Gate& gate) {
  admin::Pages pages;
  for (auto some : {admin::probe_pages(program), admin::control_pages(program), admin::login_pages(gate),
                    admin::metrics_pages(program), admin::watch_pages(program)}) {
    std::move(some.begin(), some.end(), std::back_inserter(pages));
  }
  return pages;
}

}  // namespace

AdminPort::AdminPort(App& app, Telemetry& telemetry, std::filesystem::path file, std::function<void()> wake,
                     Places places)
    : app_(app), telemetry_(telemetry), file_(std::move(file)), wake_(std::move(wake)), places_(std::move(places)) {
  note_configuration();
}

AdminPort::~AdminPort() = default;

std::string AdminPort::open() {
  admin_ = app_.settings().admin;
  if (admin_.off()) return {};
  try {
    opened_ = listen(admin_.host(), admin_.port(), gate_for(admin_));
  } catch (const std::exception& refused) {
    const std::string why = admin_.listen + " cannot be listened on: " + refused.what();
    if (admin_.written) return "admin.listen: " + why;
    unavailable(why + "; the relay runs without admin port; name another by admin.listen");
    return {};
  }
  note();
  return {};
}

std::string AdminPort::prepare(const config::Admin& next) {
  next_ = next;
  reopens_ = listens_otherwise(admin_, next);
  if (!reopens_ || next.off()) return {};
  const bool same_port = opened_ && next.port() != 0 && opened_->server->port() == next.port();
  try {
    if (same_port) opened_->server->stop_listening();
    next_opened_ = listen(next.host(), next.port(), gate_for(next));
    return {};
  } catch (const std::exception& refused) {
    discard();
    return "admin.listen: " + next.listen + " cannot be listened on: " + refused.what();
  }
}

void AdminPort::commit() {
  admin_ = *std::exchange(next_, std::nullopt);
  note_configuration();
  if (reopens_) {
    retire(std::exchange(opened_, std::exchange(next_opened_, nullptr)));
    return note();
  }
  if (opened_) return read_token(admin_, *opened_->gate);
  if (const auto fault = open(); !fault.empty()) unavailable(fault);  // at the start it could not be had
}

void AdminPort::discard() {
  next_.reset();
  next_opened_ = nullptr;
  if (!opened_ || opened_->server->listens()) return;
  const auto gate = opened_->gate;
  const auto port = opened_->server->port();
  retire(std::exchange(opened_, nullptr));
  try {
    opened_ = listen(admin_.host(), port, gate);
  } catch (const std::exception& refused) {
    unavailable(admin_.listen + " cannot be listened on any more: " + refused.what());
    note();
  }
}

AdminPort::OpenedPtr AdminPort::listen(const std::string& host, std::uint16_t port, std::shared_ptr<admin::Gate> gate) {
  admin::Server::Settings settings;
  settings.host = host;
  settings.port = port;
  settings.broken = [this](std::string_view what) {
    telemetry_.emit(LogEvent::internal_error, "", "admin port: " + std::string(what));
  };
  auto server = std::make_unique<admin::Server>(settings, *gate, all_pages(*this, *gate));
  return std::make_unique<Opened>(Opened{std::move(gate), std::move(server)});
}

std::shared_ptr<admin::Gate> AdminPort::gate_for(const config::Admin& admin) const {
  return std::make_shared<admin::Gate>(admin::BoundPort{admin.on_loopback(), admin.token.has_value()}, owner_);
}

void AdminPort::retire(OpenedPtr opened) {
  if (!opened) return;
  opened->server->stop_listening();
  retired_.push_back({std::chrono::steady_clock::now() + retired_for, std::move(opened)});
}

/// Tells where it listens, now that it does or does not, and keeps the run file to it.
void AdminPort::note() {
  run_file_ = nullptr;  // before another takes its place
  address_.clear();
  token_.reset();
  if (!opened_) return;
  read_token(admin_, *opened_->gate);
  address_ = asked_at(admin_.host(), opened_->server->port());
  admin::RunFile content;
  content.pid = ::getpid();
  content.address = address_;
  content.token = owner_;
  content.configuration = known_as(file_).native();
  content.instance = app_.settings().instance;
  content.run = app_.run_id();
  content.version = version();
  content.started = text::to_text(wall_now());
  const auto places = places_(app_.settings().spool.directory.resolved);
  const auto other = places.empty() || admin::held(places.front()) != admin::Held::yes
                         ? std::nullopt
                         : admin::load_run_file(places.front());
  run_file_ = std::make_unique<admin::WrittenRunFile>(content, places);
  // Once the file is there, so that who waits for this line finds it.
  telemetry_.emit(LogEvent::admin_listening, "", "http://" + address_,
                  {{"address", address_},
                   {"host", admin_.host()},
                   {"port", static_cast<std::uint64_t>(opened_->server->port())},
                   {"token", admin_.token ? "needed" : "not needed"}});
  if (other) {
    unavailable("another relay, process " + std::to_string(other->pid) + ", has " +
                places.front().parent_path().native() +
                " (spool.directory), and `status`, `tap` and `reload` with -c ask that one; give each relay its own");
  }
  if (!run_file_->path().empty()) return;
  unavailable("`status`, `tap` and `reload` need --url, as where it listens could not be noted: " + run_file_->fault());
}

void AdminPort::read_token(const config::Admin& admin, admin::Gate& gate) {
  if (!admin.token) return;
  token_.emplace(*admin.token);
  token_->changed();
  auto read = config::SecretReader().read(*admin.token);
  if (auto* fault = std::get_if<config::SecretFault>(&read)) {
    if (fault->stopped) return;
    return unavailable("admin.token: " + fault->message + "; the one before, if there was one, goes on", Level::error);
  }
  gate.use_token(std::string(std::get<config::SecretValue>(read).reveal()));
}

void AdminPort::look() {
  const auto now = std::chrono::steady_clock::now();
  std::erase_if(retired_, [&](const auto& one) { return one.until <= now; });
  if (opened_ && token_ && token_->changed()) read_token(admin_, *opened_->gate);
}

bool AdminPort::reload_asked() const {
  const std::lock_guard lock(mutex_);
  return !asked_.empty();
}

void AdminPort::answer(const Reloaded& what) {
  std::vector<std::function<void(Reloaded)>> asked;
  {
    const std::lock_guard lock(mutex_);
    asked.swap(asked_);
    std::string words = what.words;
    for (const auto& fault : what.faults) words += (words.empty() ? "" : "; ") + fault;
    last_reload_ = {wall_now(), what.applied, std::move(words)};
  }
  for (const auto& done : asked) done(what);
}

void AdminPort::refuse_reloads(const std::string& why) {
  std::vector<std::function<void(Reloaded)>> asked;
  {
    const std::lock_guard lock(mutex_);
    no_reload_ = why;
    asked.swap(asked_);
  }
  for (const auto& done : asked) done({false, {}, {why}});
}

void AdminPort::note_configuration() {
  auto text = config::shown(app_.settings(), vocabulary());
  const std::lock_guard lock(mutex_);
  configuration_ = std::move(text);
}

void AdminPort::unavailable(const std::string& why, Level level) {
  telemetry_.emit(LogEvent::admin_unavailable, level, "", why);
}

admin::Snapshot AdminPort::snapshot() {
  auto snapshot = app_.snapshot();
  snapshot.file = file_.native();
  const std::lock_guard lock(mutex_);
  snapshot.reload = last_reload_;
  return snapshot;
}

std::vector<std::string> AdminPort::stalled() { return app_.stalled(App::longest_still); }

void AdminPort::reload(std::function<void(Reloaded)> done) {
  {
    const std::lock_guard lock(mutex_);
    if (!no_reload_) {
      asked_.push_back(std::move(done));
      done = nullptr;
    }
  }
  if (done) return done({false, {}, {*no_reload_}});
  wake_();
}

std::string AdminPort::configuration() {
  const std::lock_guard lock(mutex_);
  return configuration_;
}

}  // namespace tributary::daemon
