#include "daemon/listener.hpp"

#include <nlohmann/json.hpp>

#include "text/printable.hpp"

namespace tributary::daemon {
namespace {

constexpr std::size_t longest_words = 60;

std::string member_text(const nlohmann::json& object, const char* name) {
  const auto found = object.is_object() ? object.find(name) : object.end();
  if (!object.is_object() || found == object.end()) return {};
  return found->is_string() ? found->get<std::string>() : found->dump();
}

/// "envelope of a tip: Nadia, 5 EUR"
std::string words_of_event(std::string_view text) {
  const auto event = nlohmann::json::parse(text, nullptr, false);
  if (!event.is_object()) return "envelope of no event";
  const auto data = event.value("data", nlohmann::json::object());
  auto who = member_text(data, "displayName");
  if (who.empty()) who = member_text(data, "username");
  std::string words = "envelope of a " + member_text(event, "type") + ": " + who;
  if (const auto amount = member_text(data, "amount"); !amount.empty()) {
    words.append(", ").append(amount).append(" ").append(member_text(data, "currency"));
  }
  return words;
}

}  // namespace

std::string words_of(std::string_view frame) {
  const auto json = nlohmann::json::parse(frame, nullptr, false);
  auto said = member_text(json, "msg");
  if (said.empty()) said = member_text(json, "message");
  if (said.empty()) said = frame;
  const auto envelope = nlohmann::json::parse(said, nullptr, false);
  if (envelope.is_object() && envelope.contains("tributary")) said = words_of_event(member_text(envelope, "event"));
  return text::printable(said, longest_words);
}

Listener::Listener(boost::asio::io_context& io, const std::string& url) {
  net::DialTarget target;
  target.url = url;
  socket_ = net::dial(io, target, *this);
}

Listener::~Listener() { socket_->detach(); }

Listener::Heard Listener::heard() const {
  const std::lock_guard lock(mutex_);
  return heard_;
}

bool Listener::wait_until_open(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, patience, [this] { return open_ || ended_; });
  return open_ && !ended_;
}

bool Listener::wait_until_ended(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, patience, [this] { return ended_; });
}

void Listener::on_open(std::string_view subprotocol) {
  static_cast<void>(subprotocol);
  const std::lock_guard lock(mutex_);
  open_ = true;
  changed_.notify_all();
}

void Listener::on_message(std::string_view payload, bool binary) {
  static_cast<void>(binary);
  std::string words = words_of(payload);
  const std::lock_guard lock(mutex_);
  ++heard_.count;
  heard_.last = std::move(words);
}

void Listener::on_end(net::Ending ending) {
  static_cast<void>(ending);
  const std::lock_guard lock(mutex_);
  ended_ = true;
  changed_.notify_all();
}

}  // namespace tributary::daemon
