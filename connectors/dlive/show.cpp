#include "connectors/dlive/show.hpp"

#include <array>
#include <utility>

#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

/// `__typename`, `type`, how many of a thousand.
struct Share {
  std::string_view type_name, type;
  std::uint64_t of_thousand;
};

constexpr std::array stream_shares{
    Share{"ChatText", "Message", 560},         Share{"ChatGift", "Gift", 120},
    Share{"ChatFollow", "Follow", 100},        Share{"ChatSubscription", "Subscription", 40},
    Share{"ChatExtendSub", "ExtendSub", 10},   Share{"ChatSubStreak", "SubStreak", 15},
    Share{"ChatGiftSub", "GiftSub", 20},       Share{"ChatGiftSubReceive", "GiftSubReceive", 15},
    Share{"ChatDelete", "Delete", 15},         Share{"ChatHost", "Host", 15},
    Share{"ChatChangeMode", "ChatMode", 10},   Share{"ChatBan", "Ban", 10},
    Share{"ChatModerator", "Mod", 10},         Share{"ChatEmoteAdd", "Emote", 10},
    Share{"ChatTimeout", "Timeout", 15},       Share{"ChatClip", "Clip", 10},
    Share{"ChatTCValueAdd", "TCValueAdd", 10}, Share{"ChatLive", "Live", 5},
    Share{"ChatOffline", "Offline", 5},        Share{"ChatSurprise", "Surprise", 5},
};
constexpr std::array chest_shares{
    Share{"TreasureChestValueUpdated", "TreasureChestValueUpdated", 600},
    Share{"TreasureChestValueExpired", "TreasureChestValueExpired", 150},
    Share{"TreasureChestGiveawayStarted", "TreasureChestGiveawayStarted", 100},
    Share{"TreasureChestGiveawayEnded", "TreasureChestGiveawayEnded", 100},
    Share{"TreasureChestReadyToCollect", "TreasureChestReadyToCollect", 50},
};
constexpr std::array<std::string_view, 7> gifts = {"LEMON",   "LEMON",      "LEMON", "ICE_CREAM",
                                                   "DIAMOND", "NINJAGHINI", "BTT"};

template <class Shares>
std::string_view drawn(const Shares& shares, std::uint64_t dice) {
  for (const Share& share : shares) {
    if (dice < share.of_thousand) return share.type_name;
    dice -= share.of_thousand;
  }
  return shares.front().type_name;
}

std::string_view type_of(std::string_view type_name) {
  for (const Share& share : stream_shares) {
    if (share.type_name == type_name) return share.type;
  }
  return type_name;
}

/// A name to identify the sender, no timestamps and ids.
bool is_bare(std::string_view type_name) {
  return type_name == "ChatLive" || type_name == "ChatOffline" || type_name == "ChatDelete" ||
         type_name.starts_with("TreasureChest");
}

}  // namespace

const Show::Message& Show::next(bool chests, event::WallTime now) {
  std::string_view type_name;
  if (!planned_.empty()) {
    type_name = planned_.front();
    planned_.pop_front();
  } else if (chests && audience_.chance(8)) {
    type_name = drawn(chest_shares, audience_.below(1000));
  } else {
    type_name = drawn(stream_shares, audience_.below(1000));
    const auto storm = [&](std::string_view of, std::uint64_t most) {
      for (auto i = 2 + audience_.below(most); i > 0; --i) planned_.push_back(of);
    };
    if (type_name == "ChatGift" && audience_.chance(8)) storm("ChatGift", 20);
    if (type_name == "ChatHost") storm("ChatFollow", 25);
    if (type_name == "ChatText" && audience_.chance(3)) storm("ChatText", 40);
  }
  write(type_name, now);
  return message_;
}

void Show::write(std::string_view type_name, event::WallTime now) {
  message_ = {};
  message_.type_name = type_name;
  message_.chest = type_name.starts_with("TreasureChest");
  std::string& out = message_.json;
  out = "{";
  json_member(out, "__typename", type_name);
  json_member(out, "type", type_of(type_name));
  if (!is_bare(type_name)) {
    message_.id = audience_.uuid();
    json_member(out, "id", message_.id);
    std::string time = std::to_string(now.time_since_epoch().count());
    json_member(out, "createdAt", time + std::to_string(100'000 + audience_.below(900'000)));
    json_member(out, "role", "None");
    json_member(out, "roomRole", audience_.chance(5) ? "Moderator" : "Member");
    json_raw_member(out, "subscribing", audience_.chance(30) ? "true" : "false");
    write_viewer("sender", out);
  }
  write_facts(type_name, out);
  out += '}';
}

void Show::write_viewer(std::string_view key, std::string& out) {
  const auto& viewer = audience_.someone();
  json_raw_member(out, key, "{");
  json_member(out, "__typename", "StreamchatUser");
  json_member(out, "id", "streamchatuser:" + viewer.login);
  json_member(out, "username", viewer.login);
  json_member(out, "displayname", viewer.name);
  audience_.chance(90) ? json_member(out, "avatar", viewer.avatar) : json_raw_member(out, "avatar", "null");
  json_member(out, "partnerStatus", "NONE");
  json_raw_member(out, "badges", "[]");
  json_raw_member(out, "effect", "null");
  out += '}';
}

void Show::write_facts(std::string_view type_name, std::string& out) {
  const auto number = [&](std::string_view key, std::uint64_t most) {
    json_member(out, key, 1 + audience_.below(most));
  };
  const auto text_number = [&](std::string_view key, std::uint64_t most) {
    json_member(out, key, std::to_string(1 + audience_.below(most)));
  };
  if (type_name == "ChatText") {
    json_member(out, "content", audience_.chat());
    json_raw_member(out, "emojis", "[]");
    if (audience_.chance(20)) number("subLength", 24);
  } else if (type_name == "ChatGift") {
    json_member(out, "gift", gifts[audience_.below(gifts.size())]);
    text_number("amount", 30);
    json_member(out, "message", audience_.words());
    number("recentCount", 3);
    json_member(out, "expireDuration", std::uint64_t{0});
  } else if (type_name == "ChatSubscription" || type_name == "ChatExtendSub") {
    number("month", 12);
    if (type_name == "ChatExtendSub") number("length", 12);
  } else if (type_name == "ChatSubStreak") {
    number("length", 40);
  } else if (type_name == "ChatGiftSub") {
    if (audience_.chance(70)) json_member(out, "receiver", audience_.someone().name);
    number("count", 20);
  } else if (type_name == "ChatGiftSubReceive") {
    audience_.chance(50) ? json_member(out, "gifter", audience_.someone().name) : write_viewer("gifter", out);
  } else if (type_name == "ChatDelete") {
    json_raw_member(out, "ids", "[\"" + audience_.uuid() + "\"]");
  } else if (type_name == "ChatHost") {
    number("viewer", 900);
  } else if (type_name == "ChatChangeMode") {
    json_member(out, "mode", "FOLLOWERS_ONLY");
  } else if (type_name == "ChatBan" || type_name == "ChatTimeout") {
    write_viewer("bannedBy", out);
    type_name == "ChatBan" ? json_member(out, "bannedByRoomRole", "Owner") : number("minute", 60);
  } else if (type_name == "ChatModerator") {
    json_raw_member(out, "add", audience_.chance(70) ? "true" : "false");
  } else if (type_name == "ChatEmoteAdd") {
    json_member(out, "emote", "https://cdn.example.org/emotes/" + std::to_string(audience_.below(500)) + ".png");
  } else if (type_name == "ChatClip") {
    json_member(out, "url", "https://clips.example.org/" + std::to_string(audience_.below(500)));
  } else if (type_name == "ChatTCValueAdd") {
    text_number("amount", 5'000'000), text_number("totalAmount", 9'000'000'000'000'000'000U);
  } else if (type_name == "TreasureChestGiveawayStarted") {
    text_number("endTime", 1'900'000'000'000), text_number("pricePool", 90'000'000'000'000),
        number("durationInSeconds", 600);
  } else if (type_name == "TreasureChestGiveawayEnded") {
    text_number("nextGiveawayThresholdAt", 100'000'000);
  } else if (type_name == "TreasureChestValueExpired" || type_name == "TreasureChestValueUpdated") {
    text_number("value", 90'000'000'000'000);
  } else if (type_name == "ChatSurprise") {
    json_raw_member(out, "inside", "{\"deep\":[1,null,\"2\"]}");
  }
}

}  // namespace tributary::connectors::dlive
