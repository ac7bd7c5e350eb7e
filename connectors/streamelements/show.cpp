#include "connectors/streamelements/show.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "event/json.hpp"
#include "event/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::size_t audience = 240;

// Written for this show.
constexpr std::array names = {"Marlow",   "quietfox", "Nadia",    "TheOtherBob", "yuki",    "Åsa",   "Żaneta",
                              "Δημήτρης", "Ольга",    "さくら",   "민준",        "李雷",    "محمد",  "Renée",
                              "piñata",   "zero_k",   "LATE4TEA", "hex",         "Ingrid☃", "crumb🍞"};
constexpr std::array messages = {
    "",
    "hello from the train",
    "first time here, staying",
    "that jump was unreal 😂😂",
    "can you play the old map next?",
    "GG",
    "für die Kaffeekasse ☕",
    "今日も楽しい配信ありがとう！",
    "quote \"of the day\" and a back\\slash",
    "line one\nline two",
    "это было красиво",
    "a longer thought: I had the stream on while cooking, and now the kitchen is a mess, but I regret nothing at all",
    "👩‍👩‍👧‍👦 whole family watching",
};
constexpr std::array currencies = {"USD", "EUR", "GBP", "JPY", "BRL", "SEK"};
constexpr std::array tiers = {"1000", "1000", "1000", "2000", "3000", "prime", "prime"};
constexpr std::array rewards = {"Hydrate", "Pick the next song", "Posture check", "Emote: ばんざい"};
constexpr std::array platforms = {"twitch", "twitch", "twitch", "youtube", "facebook"};

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

void member(std::string& out, std::string_view key, std::string_view text) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  event::append_quoted(out, text);
}

void member(std::string& out, std::string_view key, std::uint64_t number) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  event::append_number(out, number);
}

void raw_member(std::string& out, std::string_view key, std::string_view json) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
  out += json;
}

}  // namespace

Show::Show(std::uint64_t seed, std::string channel) : random_(seed), channel_(std::move(channel)) {
  append_hex(id_prefix_, random_(), 16);
  for (std::size_t i = 0; i < audience; ++i) {
    Viewer viewer;
    viewer.login = "viewer_" + std::to_string(1000 + i);
    viewer.name = std::string(names[below(names.size())]) + (chance(40) ? std::to_string(below(99)) : "");
    viewer.id = std::to_string(10'000'000 + below(900'000'000));
    viewer.avatar = "https://cdn.example.org/avatars/" + std::to_string(below(100'000)) + ".png";
    viewers_.push_back(std::move(viewer));
  }
}

std::string Show::new_id(bool mock) {
  std::string id = mock ? std::string(16, 'f') : id_prefix_;
  append_hex(id, mock ? mocks_++ : serial_++, 8);
  return id;
}

Show::Planned Show::plan() {
  if (!planned_.empty()) {
    auto next = std::move(planned_.front());
    planned_.pop_front();
    return next;
  }
  const auto dice = below(1000);
  if (dice < 330) return {Kind::follow, {}, {}, 0};
  if (dice < 500) return {Kind::cheer, {}, {}, static_cast<int>(1 + below(50) * below(20))};
  if (dice < 650) return {Kind::tip, {}, {}, 0};
  if (dice < 730) return {Kind::subscriber, {}, {}, 1};
  if (dice < 800) return {Kind::resubscriber, {}, {}, static_cast<int>(2 + below(60))};
  if (dice < 860) return {Kind::channel_points, {}, {}, static_cast<int>(100 * (1 + below(50)))};
  if (dice < 890) return {Kind::redemption, {}, {}, 0};
  if (dice < 920) return {Kind::superchat, {}, {}, 0};
  if (dice < 940) return {Kind::sponsor, {}, {}, static_cast<int>(1 + below(12))};
  if (dice < 955) return {Kind::merch, {}, {}, 0};
  if (dice < 965) return {Kind::charity, {}, {}, 0};
  if (dice < 975) return {Kind::hype_train, {}, {}, static_cast<int>(1 + below(5))};
  if (dice < 985) {  // gifts share a group; the purchase comes last
    const std::string sender = someone().login;
    std::string group = id_prefix_;
    append_hex(group, random_() | 0x80000000U, 8);
    const int gifts = static_cast<int>(2 + below(19));
    for (int i = 1; i < gifts; ++i) planned_.push_back({Kind::gift, group, sender, 1});
    planned_.push_back({Kind::community_gift, group, sender, gifts});
    return {Kind::gift, group, sender, 1};
  }
  const int viewers = static_cast<int>(3 + below(40) * below(40));
  for (auto i = std::min<std::uint64_t>(static_cast<std::uint64_t>(viewers) / 10, 25); i > 0; --i) {
    planned_.push_back({chance(80) ? Kind::follow : Kind::cheer, {}, {}, 10});
  }
  return {chance(90) ? Kind::raid : Kind::host, {}, {}, viewers};
}

const Show::Activity& Show::next(event::WallTime now) {
  write(plan(), now, false);
  return activity_;
}

std::string Show::mock(event::WallTime now) {
  write({Kind::tip, {}, {}, 0}, now, true);
  return activity_.json;
}

void Show::write(const Planned& planned, event::WallTime now, bool mock) {
  static constexpr std::array types = {"tip",
                                       "cheer",
                                       "follow",
                                       "subscriber",
                                       "subscriber",
                                       "subscriber",
                                       "communityGiftPurchase",
                                       "raid",
                                       "host",
                                       "channelPointsRedemption",
                                       "redemption",
                                       "superchat",
                                       "sponsor",
                                       "merch",
                                       "charityCampaignDonation",
                                       "hypetrain"};
  activity_.id = new_id(mock);
  activity_.type = types[static_cast<std::size_t>(planned.kind)];
  const bool bare = planned.kind == Kind::tip || planned.kind == Kind::redemption || mock;
  std::string& out = activity_.json;
  out = "{";
  member(out, "_id", activity_.id);
  member(out, "channel", channel_);
  member(out, "type", activity_.type);
  if (planned.kind == Kind::superchat || planned.kind == Kind::sponsor) {
    member(out, "provider", "youtube");
  } else if (planned.kind != Kind::redemption) {
    member(out, "provider", planned.kind == Kind::tip ? platforms[below(platforms.size())] : "twitch");
  }
  if (!bare) raw_member(out, "flagged", chance(1) ? "true" : "false");
  raw_member(out, "data", "{");
  write_data(planned, someone(), out);
  out += '}';
  const std::string time = event::to_text(now);
  member(out, "createdAt", time);
  member(out, "updatedAt", time);
  member(out, "activityId", activity_.id);
  if (!planned.group.empty()) member(out, "activityGroup", planned.group);
  member(out, "sessionEventsCount", below(50));
  if (mock) raw_member(out, "isMock", "true");
  out += '}';
}

void Show::write_money(std::string& out) {
  std::string amount = std::to_string(1 + below(60));
  if (chance(40)) amount += "." + std::to_string(below(10)) + std::to_string(below(10));
  raw_member(out, "amount", amount);
  member(out, "currency", currencies[below(currencies.size())]);
}

void Show::write_data(const Planned& planned, const Viewer& viewer, std::string& out) {
  const auto amount = static_cast<std::uint64_t>(planned.amount);
  const auto person = [&] {
    member(out, "username", viewer.login);
    member(out, "displayName", viewer.name);
    member(out, "providerId", viewer.id);
  };
  const auto words = [&] { member(out, "message", messages[below(messages.size())]); };
  switch (planned.kind) {
    case Kind::tip:
      write_money(out);
      member(out, "tipId", id_prefix_.substr(0, 8) + activity_.id.substr(8));
      member(out, "username", viewer.name);
      words();
      break;
    case Kind::cheer:
      person(), member(out, "amount", amount), words();
      break;
    case Kind::follow:
      person();
      break;
    case Kind::subscriber:
    case Kind::resubscriber:
    case Kind::gift:
      person();
      member(out, "amount", amount);
      member(out, "tier", tiers[below(tiers.size())]);
      if (planned.kind == Kind::resubscriber && chance(60)) member(out, "streak", below(amount) + 1);
      if (planned.kind == Kind::resubscriber) words();
      if (planned.kind == Kind::gift) raw_member(out, "gifted", "true"), member(out, "sender", planned.sender);
      break;
    case Kind::community_gift:
      person();
      member(out, "amount", amount), member(out, "tier", "1000"), member(out, "sender", planned.sender);
      break;
    case Kind::raid:
    case Kind::host:
      person(), member(out, "amount", amount);
      break;
    case Kind::channel_points:
      person(), member(out, "amount", amount), member(out, "redemption", rewards[below(rewards.size())]);
      if (chance(30)) words();
      break;
    case Kind::redemption:
      member(out, "username", viewer.login), member(out, "amount", amount);
      member(out, "redemption", rewards[below(rewards.size())]);
      break;
    case Kind::superchat:
      person(), member(out, "amount", std::to_string(1 + below(99)) + ".50"), member(out, "currency", "USD"), words();
      break;
    case Kind::sponsor:
      person(), member(out, "amount", amount);
      break;
    case Kind::merch:
      person(), write_money(out), words();
      raw_member(out, "items", "[{\"name\":\"Mug\",\"price\":12.50,\"quantity\":1}]");
      break;
    case Kind::charity:
      person(), write_money(out);
      break;
    case Kind::hype_train:
      member(out, "level", amount);
      raw_member(out, "progress", "{\"goal\":1600,\"total\":" + std::to_string(below(1600)) + "}");
      return;
  }
  member(out, "avatar", viewer.avatar);
}

std::string Show::test() {
  static constexpr std::array listeners = {"tip-latest", "cheer-latest", "subscriber-latest", "raid-latest",
                                           "widget-button"};
  std::string out = "{";
  member(out, "listener", listeners[below(listeners.size())]);
  raw_member(out, "event", "{");
  member(out, "name", someone().name);
  chance(20) ? member(out, "amount", "gift") : member(out, "amount", 1 + below(100));
  raw_member(out, "isTest", "true");
  out += "}}";
  return out;
}

std::string Show::update(std::string_view activity_id, int index) {
  static constexpr std::array values = {"subscriber-latest", "subscriber-session",    "subscriber-week",
                                        "subscriber-month",  "subscriber-goal",       "subscriber-total",
                                        "subscriber-points", "subscriber-new-latest", "subscriber-recent"};
  std::string out = "{";
  member(out, "name", values[static_cast<std::size_t>(index) % values.size()]);
  raw_member(out, "data", "{");
  member(out, "name", someone().login);
  member(out, "amount", 1 + below(40));
  out += '}';
  member(out, "provider", "twitch");
  member(out, "channel", channel_);
  member(out, "activityId", activity_id);
  out += '}';
  return out;
}

std::string Show::emission(event::WallTime now) {
  std::string nonce;
  const auto high = random_(), low = random_();
  append_hex(nonce, high >> 32, 8), nonce += '-', append_hex(nonce, high >> 16, 4), nonce += "-4",
      append_hex(nonce, high, 3);
  nonce += "-9", append_hex(nonce, low >> 48, 3), nonce += '-', append_hex(nonce, low, 12);
  std::string out = "{";
  member(out, "ts", static_cast<std::uint64_t>(now.time_since_epoch().count()));
  member(out, "nonce", nonce);
  out += '}';
  return out;
}

double Show::pace() {
  if (mood_left_-- <= 0) {
    // 60 % quiet at 0.4, 30 % lively at 1.2, 10 % a burst at 4: 1 on average.
    const auto dice = below(100);
    mood_ = dice < 60 ? 0.4 : dice < 90 ? 1.2 : 4.0;
    mood_left_ = static_cast<int>(50 + below(400));
  }
  return mood_;
}

}  // namespace tributary::connectors::streamelements
