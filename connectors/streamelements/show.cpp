#include "connectors/streamelements/show.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::array currencies = {"USD", "EUR", "GBP", "JPY", "BRL", "SEK"};
constexpr std::array tiers = {"1000", "1000", "1000", "2000", "3000", "prime", "prime"};
constexpr std::array rewards = {"Hydrate", "Pick the next song", "Posture check", "Emote: ばんざい"};
constexpr std::array platforms = {"twitch", "twitch", "twitch", "youtube", "facebook"};

}  // namespace

Show::Show(Audience& audience, std::string channel) : audience_(audience), channel_(std::move(channel)) {
  append_hex(id_prefix_, audience_.random(), 16);
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
    append_hex(group, audience_.random() | 0x80000000U, 8);
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
  json_member(out, "_id", activity_.id);
  json_member(out, "channel", channel_);
  json_member(out, "type", activity_.type);
  if (planned.kind == Kind::superchat || planned.kind == Kind::sponsor) {
    json_member(out, "provider", "youtube");
  } else if (planned.kind != Kind::redemption) {
    json_member(out, "provider", planned.kind == Kind::tip ? platforms[below(platforms.size())] : "twitch");
  }
  if (!bare) json_raw_member(out, "flagged", chance(1) ? "true" : "false");
  json_raw_member(out, "data", "{");
  write_data(planned, someone(), out);
  out += '}';
  const std::string time = text::to_text(now);
  json_member(out, "createdAt", time);
  json_member(out, "updatedAt", time);
  json_member(out, "activityId", activity_.id);
  if (!planned.group.empty()) json_member(out, "activityGroup", planned.group);
  json_member(out, "sessionEventsCount", below(50));
  if (mock) json_raw_member(out, "isMock", "true");
  out += '}';
}

void Show::write_money(std::string& out) {
  std::string amount = std::to_string(1 + below(60));
  if (chance(40)) amount += "." + std::to_string(below(10)) + std::to_string(below(10));
  json_raw_member(out, "amount", amount);
  json_member(out, "currency", currencies[below(currencies.size())]);
}

void Show::write_data(const Planned& planned, const Audience::Viewer& viewer, std::string& out) {
  const auto amount = static_cast<std::uint64_t>(planned.amount);
  const auto person = [&] {
    json_member(out, "username", viewer.login);
    json_member(out, "displayName", viewer.name);
    json_member(out, "providerId", viewer.id);
  };
  const auto words = [&] { json_member(out, "message", audience_.words()); };
  switch (planned.kind) {
    case Kind::tip:
      write_money(out);
      json_member(out, "tipId", id_prefix_.substr(0, 8) + activity_.id.substr(8));
      json_member(out, "username", viewer.name);
      words();
      break;
    case Kind::cheer:
      person(), json_member(out, "amount", amount), words();
      break;
    case Kind::follow:
      person();
      break;
    case Kind::subscriber:
    case Kind::resubscriber:
    case Kind::gift:
      person();
      json_member(out, "amount", amount);
      json_member(out, "tier", tiers[below(tiers.size())]);
      if (planned.kind == Kind::resubscriber && chance(60)) json_member(out, "streak", below(amount) + 1);
      if (planned.kind == Kind::resubscriber) words();
      if (planned.kind == Kind::gift)
        json_raw_member(out, "gifted", "true"), json_member(out, "sender", planned.sender);
      break;
    case Kind::community_gift:
      person();
      json_member(out, "amount", amount), json_member(out, "tier", "1000"), json_member(out, "sender", planned.sender);
      break;
    case Kind::raid:
    case Kind::host:
      person(), json_member(out, "amount", amount);
      break;
    case Kind::channel_points:
      person(), json_member(out, "amount", amount), json_member(out, "redemption", rewards[below(rewards.size())]);
      if (chance(30)) words();
      break;
    case Kind::redemption:
      json_member(out, "username", viewer.login), json_member(out, "amount", amount);
      json_member(out, "redemption", rewards[below(rewards.size())]);
      break;
    case Kind::superchat:
      person(), json_member(out, "amount", std::to_string(1 + below(99)) + ".50"), json_member(out, "currency", "USD"),
          words();
      break;
    case Kind::sponsor:
      person(), json_member(out, "amount", amount);
      break;
    case Kind::merch:
      person(), write_money(out), words();
      json_raw_member(out, "items", "[{\"name\":\"Mug\",\"price\":12.50,\"quantity\":1}]");
      break;
    case Kind::charity:
      person(), write_money(out);
      break;
    case Kind::hype_train:
      json_member(out, "level", amount);
      json_raw_member(out, "progress", "{\"goal\":1600,\"total\":" + std::to_string(below(1600)) + "}");
      return;
  }
  json_member(out, "avatar", viewer.avatar);
}

std::string Show::test() {
  static constexpr std::array listeners = {"tip-latest", "cheer-latest", "subscriber-latest", "raid-latest",
                                           "widget-button"};
  std::string out = "{";
  json_member(out, "listener", listeners[below(listeners.size())]);
  json_raw_member(out, "event", "{");
  json_member(out, "name", someone().name);
  chance(20) ? json_member(out, "amount", "gift") : json_member(out, "amount", 1 + below(100));
  json_raw_member(out, "isTest", "true");
  out += "}}";
  return out;
}

std::string Show::update(std::string_view activity_id, int index) {
  static constexpr std::array values = {"subscriber-latest", "subscriber-session",    "subscriber-week",
                                        "subscriber-month",  "subscriber-goal",       "subscriber-total",
                                        "subscriber-points", "subscriber-new-latest", "subscriber-recent"};
  std::string out = "{";
  json_member(out, "name", values[static_cast<std::size_t>(index) % values.size()]);
  json_raw_member(out, "data", "{");
  json_member(out, "name", someone().login);
  json_member(out, "amount", 1 + below(40));
  out += '}';
  json_member(out, "provider", "twitch");
  json_member(out, "channel", channel_);
  json_member(out, "activityId", activity_id);
  out += '}';
  return out;
}

std::string Show::emission(event::WallTime now) {
  std::string out = "{";
  json_member(out, "ts", static_cast<std::uint64_t>(now.time_since_epoch().count()));
  json_member(out, "nonce", audience_.uuid());
  out += '}';
  return out;
}

}  // namespace tributary::connectors::streamelements
