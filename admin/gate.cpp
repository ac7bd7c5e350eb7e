#include "admin/gate.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include "text/ascii.hpp"
#include "text/hex.hpp"

namespace tributary::admin {
namespace {

constexpr std::string_view wait_words = "too many wrong tokens from this address; wait a minute";

/// What `Authorization: Bearer …` offers; none without one.
std::optional<std::string> bearer_of(const net::Headers& headers) {
  const std::string value = net::header_value(headers, "Authorization");
  constexpr std::string_view scheme = "bearer ";
  if (value.size() < scheme.size() || !net::same_header(value.substr(0, scheme.size()), scheme)) return std::nullopt;
  return std::string(text::trimmed(std::string_view(value).substr(scheme.size())));
}

}  // namespace

std::string random_word() {
  std::array<unsigned char, 16> bytes{};
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const auto got = ::getrandom(bytes.data() + filled, bytes.size() - filled, 0);
    if (got < 0 && errno != EINTR) throw std::system_error(errno, std::generic_category(), "getrandom");
    if (got > 0) filled += static_cast<std::size_t>(got);
  }
  return text::hex(bytes);
}

void Gate::use_token(std::string token) {
  const std::lock_guard lock(mutex_);
  if (token == token_) return;
  token_ = std::move(token);
  sessions_.clear();
}

void Gate::use_port(std::uint16_t port) {
  const std::lock_guard lock(mutex_);
  port_ = port;
}

std::string Gate::cookie() const {
  const std::lock_guard lock(mutex_);
  return cookie_name(port_);
}

Judgement Gate::judge(Access access, const net::Headers& headers, const std::string& peer, Time now) {
  const std::lock_guard lock(mutex_);
  Asker asker = Asker::of(headers);
  const auto bearer = bearer_of(headers);
  const bool right = bearer && is_token(*bearer);
  const bool waits = bearer && bound_.needs_token && !(right && bearer->size() >= guessable) && must_wait(peer, now);
  asker.known = bearer ? !waits && right : known_session(headers, now);
  asker.offers = bearer || !session_of(headers).empty();
  Judgement verdict = admin::judge(bound_, asker, access);
  if (verdict.status != 401 || !bearer) return verdict;
  if (waits) return {429, false, std::string(wait_words)};
  was_wrong(peer, now);
  return verdict;
}

Gate::Login Gate::login(std::string_view token, const std::string& peer, Time now) {
  const std::lock_guard lock(mutex_);
  const bool right = is_token(token);
  if (!(right && token.size() >= guessable) && must_wait(peer, now)) return {429, {}, std::string(wait_words)};
  if (!right) {
    was_wrong(peer, now);
    return {401, {}, "this token is not the right one"};
  }
  std::erase_if(sessions_, [&](const auto& one) { return one.second <= now; });
  while (sessions_.size() >= session_limit) {
    sessions_.erase(std::min_element(sessions_.begin(), sessions_.end(),
                                     [](const auto& a, const auto& b) { return a.second < b.second; }));
  }
  std::string id = random_word();
  sessions_[id] = now + session_life;
  return {200, std::move(id), {}};
}

void Gate::logout(const net::Headers& headers) {
  const std::lock_guard lock(mutex_);
  sessions_.erase(session_of(headers));
}

bool Gate::is_token(std::string_view offered) const {
  const bool configured = same_secret(token_, offered);
  const bool owner = same_secret(owner_, offered);
  return configured || owner;
}

/// The id in the cookie, "" without one.
std::string Gate::session_of(const net::Headers& headers) const {
  const std::string cookies = net::header_value(headers, "Cookie");
  const std::string name = cookie_name(port_) + "=";
  std::string_view rest = cookies;
  while (!rest.empty()) {
    const auto end = rest.find(';');
    const auto one = text::trimmed(rest.substr(0, end));
    if (one.starts_with(name)) return std::string(one.substr(name.size()));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
  }
  return {};
}

/// A session's id is random and long: that a look-up takes less for a wrong one helps nobody.
bool Gate::known_session(const net::Headers& headers, Time now) {
  const auto found = sessions_.find(session_of(headers));
  return found != sessions_.end() && found->second > now;
}

bool Gate::must_wait(const std::string& peer, Time now) {
  const auto found = wrong_.find(peer);
  if (found == wrong_.end()) return false;
  if (now - found->second.since < wrong_time) return found->second.times >= wrong_limit;
  wrong_.erase(found);
  return false;
}

void Gate::was_wrong(const std::string& peer, Time now) {
  if (!wrong_.contains(peer) && wrong_.size() >= address_limit) {
    wrong_.erase(std::min_element(wrong_.begin(), wrong_.end(),
                                  [](const auto& a, const auto& b) { return a.second.since < b.second.since; }));
  }
  auto& wrong = wrong_[peer];
  if (wrong.times++ == 0) wrong.since = now;
}

}  // namespace tributary::admin
