#include "connectors/dlive/codec.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "connectors/json/json_lexis.hpp"
#include "connectors/json/upstream_time.hpp"
#include "connectors/link/protocol_value.hpp"
#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::size_t id_limit = 256;  ///< bytes of an upstream id that is used as one
constexpr std::size_t count_digits = 30;
constexpr std::string_view stream_field = "streamMessageReceived";
constexpr std::string_view chest_field = "treasureChestMessageReceived";
constexpr std::string_view unknown_type = "unknown", many_gifts_type = "communityGiftPurchase";

struct MessageKind {
  std::string_view type_name;  ///< `__typename`
  std::string_view type;       ///< `type`
  std::string_view canonical;
  bool has_id;  ///< its `id` names the event
};

constexpr std::array kinds{
    MessageKind{"ChatText", "Message", "chat", true},
    MessageKind{"ChatGift", "Gift", "tip", true},
    MessageKind{"ChatLive", "Live", "live", false},
    MessageKind{"ChatOffline", "Offline", "offline", false},
    MessageKind{"ChatFollow", "Follow", "follow", true},
    MessageKind{"ChatSubscription", "Subscription", "subscriber", true},
    MessageKind{"ChatExtendSub", "ExtendSub", "subscriber", true},
    MessageKind{"ChatSubStreak", "SubStreak", "subscriber", true},
    MessageKind{"ChatGiftSub", "GiftSub", "giftSub", true},
    MessageKind{"ChatGiftSubReceive", "GiftSubReceive", "subscriber", true},
    MessageKind{"ChatDelete", "Delete", "messageDeleted", false},
    MessageKind{"ChatHost", "Host", "host", true},
    MessageKind{"ChatChangeMode", "ChatMode", "chatMode", true},
    MessageKind{"ChatBan", "Ban", "ban", true},
    MessageKind{"ChatModerator", "Mod", "moderator", true},
    MessageKind{"ChatEmoteAdd", "Emote", "emoteAdded", true},
    MessageKind{"ChatTimeout", "Timeout", "timeout", true},
    MessageKind{"ChatClip", "Clip", "clip", true},
    MessageKind{"ChatTCValueAdd", "TCValueAdd", "chestValueAdded", true},
    MessageKind{"TreasureChestGiveawayStarted", "GiveawayStarted", "chestGiveawayStarted", false},
    MessageKind{"TreasureChestGiveawayEnded", "GiveawayEnded", "chestGiveawayEnded", false},
    MessageKind{"TreasureChestValueExpired", "ValueExpired", "chestValueExpired", false},
    MessageKind{"TreasureChestValueUpdated", "ValueUpdated", "chestValueUpdated", false},
    MessageKind{"TreasureChestReadyToCollect", "ReadyToCollect", "chestReadyToCollect", false},
};

const MessageKind* kind_of(std::string_view upstream_type) {
  const auto found = std::find_if(kinds.begin(), kinds.end(), [&](const MessageKind& kind) {
    return kind.type_name == upstream_type || kind.type == upstream_type;
  });
  return found == kinds.end() ? nullptr : &*found;
}

/// Zeros to write behind the count of a gift so that it is lemons.
std::optional<std::size_t> zeros_of(std::string_view gift) {
  static constexpr std::array<std::string_view, 5> gifts = {"LEMON", "ICE_CREAM", "DIAMOND", "NINJAGHINI", "NINJET"};
  const auto found = std::find(gifts.begin(), gifts.end(), gift);
  if (found == gifts.end()) return std::nullopt;
  return static_cast<std::size_t>(found - gifts.begin());
}

/// The digits of a whole number above or equal to zero, written as a number or as a string.
std::string_view digits_of(const Value& value) {
  const std::string_view text = value.is_string() ? value.inner() : value.kind == Value::Kind::number ? value.text : "";
  const bool whole = !text.empty() && text.size() <= count_digits && std::all_of(text.begin(), text.end(), is_digit) &&
                     is_number(text);
  return whole ? text : std::string_view{};
}

Packet::Kind kind_of_frame(std::string_view type) {
  using Kind = Packet::Kind;
  static constexpr std::array<std::pair<std::string_view, Kind>, 6> types{{{"data", Kind::data},
                                                                           {"ka", Kind::keep_alive},
                                                                           {"connection_ack", Kind::ack},
                                                                           {"connection_error", Kind::connection_error},
                                                                           {"error", Kind::error},
                                                                           {"complete", Kind::complete}}};
  const auto found = std::find_if(types.begin(), types.end(), [&](const auto& line) { return line.first == type; });
  return found == types.end() ? Kind::unknown : found->second;
}

std::string id_text(const Value& value) {
  if (value.kind == Value::Kind::number && value.text.size() <= id_limit) return std::string(value.text);
  return value.is_string() && value.text.size() <= id_limit ? plain_text(value) : std::string{};
}

}  // namespace

std::string_view canonical_type(std::string_view upstream_type) {
  const MessageKind* const kind = kind_of(upstream_type);
  return kind == nullptr ? std::string_view{} : kind->canonical;
}

std::vector<std::string_view> canonical_types() {
  std::vector<std::string_view> types{unknown_type, many_gifts_type};
  for (const MessageKind& kind : kinds) {
    if (std::find(types.begin(), types.end(), kind.canonical) == types.end()) types.push_back(kind.canonical);
  }
  return types;
}

Codec::Codec(std::string_view connector, std::size_t nesting) : json_(nesting), writer_("dlive", "dlive", connector) {}

void Codec::malformed(std::string_view reason, std::string detail, Outcome& outcome) {
  packet_.kind = Packet::Kind::malformed;
  outcome.kind = event::FrameKind::malformed;
  outcome.malformed_reason = reason;
  outcome.malformed_detail = std::move(detail);
}

const Packet& Codec::read(std::string_view frame, Outcome& outcome) {
  packet_ = {};
  Value whole;
  if (!parts_.read(json_, frame, whole)) {
    malformed(json_.fault() == JsonText::Fault::too_deep ? "too_deep" : "not_json", json_.explain(), outcome);
    return packet_;
  }
  const Object& members = parts_.members(whole);
  const Value type = members["type"];
  if (!type.is_string()) {
    malformed("wrong_shape", "a frame is an object with a type", outcome);
    return packet_;
  }
  packet_.id = id_text(members["id"]);
  const Value payload = members["payload"];
  packet_.kind = kind_of_frame(unescaped(type.inner()));
  switch (packet_.kind) {
    case Packet::Kind::data:
      read_result(members, payload);
      if (payload.kind != Value::Kind::object && packet_.words.empty()) {
        malformed("wrong_shape", "the payload of data is an object", outcome);
      }
      break;
    case Packet::Kind::complete:
    case Packet::Kind::unknown:
      read_result(members, payload);
      break;
    case Packet::Kind::error:
      read_result(members, payload);
      if (packet_.words.empty() && !has_field(false) && !has_field(true)) packet_.words = words_in(parts_, payload);
      if (packet_.words.empty()) packet_.words = no_words;
      break;
    case Packet::Kind::connection_error:
      packet_.words = words_in(parts_, payload);
      if (packet_.words.empty()) packet_.words = words_beside(parts_, members);
      if (packet_.words.empty()) packet_.words = no_words;
      break;
    default:
      break;
  }
  return packet_;
}

/// `data` and `errors`, as GraphQL has them; some servers put the errors beside the payload.
void Codec::read_result(const Object& frame, const Value& payload) {
  const Object& result = parts_.members(payload);
  packet_.data = result["data"];
  packet_.words = words_in(parts_, result["errors"]);
  if (packet_.words.empty()) packet_.words = words_beside(parts_, frame);
}

bool Codec::has_field(bool chest) { return bool(parts_.members(packet_.data)[chest ? chest_field : stream_field]); }

void Codec::messages(std::string_view streamer, const event::Now& now, Outcome& outcome, const IsOwn& is_own) {
  const Object& fields = parts_.members(packet_.data);
  for (const std::string_view field : {stream_field, chest_field}) {
    const Value value = fields[field];
    if (value.kind == Value::Kind::object) {
      message(value, streamer, now, outcome, is_own);
    } else {
      for (const Value& element : parts_.elements(value)) message(element, streamer, now, outcome, is_own);
    }
  }
  if (outcome.drafts.empty() && outcome.ignored.empty()) return;
  outcome.kind = event::FrameKind::carrying;
  if (!outcome.drafts.empty()) outcome.drafts.front().repaired = json_.repaired();
}

void Codec::message(const Value& value, std::string_view streamer, const event::Now& now, Outcome& outcome,
                    const IsOwn& is_own) {
  if (value.kind != Value::Kind::object) return;
  const Object& message = parts_.members(value);
  std::string upstream_type = plain_text(message["__typename"]);
  const MessageKind* kind = kind_of(upstream_type);
  if (kind == nullptr) {
    std::string type = plain_text(message["type"]);
    kind = kind_of(type);
    if (kind != nullptr || upstream_type.empty()) upstream_type = std::move(type);
  }
  if (upstream_type.size() > id_limit) upstream_type.resize(text::clip(upstream_type, id_limit).size());
  const std::string id = kind == nullptr || kind->has_id ? id_text(message["id"]) : std::string{};

  if (is_own && kind != nullptr && kind->canonical == "chat") {
    const Object& sender = parts_.members(message["sender"]);
    if (is_own({id, plain_text(sender["username"]), plain_text(message["content"])})) {
      outcome.ignored.push_back(event::Ignored::own_echo);
      return;
    }
  }

  std::string_view canonical = kind == nullptr ? unknown_type : kind->canonical;
  const bool received = message["receiver"].is_string() && message["receiver"].text.size() > 2;
  if (canonical == "giftSub" && !received && message["count"]) canonical = many_gifts_type;

  event::Draft& draft = outcome.drafts.emplace_back();
  writer_.begin({canonical, upstream_type, streamer, id}, draft);
  if (kind == nullptr) {
    writer_.put("upstream", value);
  } else {
    mapped_.assign({"__typename"});
    if (!id.empty()) map("id");
    write_facts(kind->type_name, message);
    for (const Member& member : message.members) {
      if (!mapped(member.key)) writer_.detail(member.key, member.value);
    }
  }
  // The original stays in the details, or in `upstream`, as every field does.
  writer_.finish(time_of(message["createdAt"], TimeUnit::nanoseconds, now.wall).time, now);
}

bool Codec::mapped(std::string_view key) const {
  return std::find(mapped_.begin(), mapped_.end(), key) != mapped_.end();
}

void Codec::map(std::string_view key) { mapped_.push_back(key); }

/// The sender: who did it. The whole of it stays in the details, with the badges and what else it has.
void Codec::person(const Object& message) {
  const Object& sender = parts_.members(message["sender"]);
  const auto text = [&](std::string_view name, std::string_view field) {
    if (const Value value = sender[field]; value.is_string()) writer_.put_text(name, value);
  };
  text("username", "username");
  text("displayName", "displayname");
  text("avatar", "avatar");
  text("providerId", "id");
}

/// `field` as the number `name`; what is no number becomes 0 and stays in the details under its own name.
void Codec::number(const Object& message, std::string_view field, std::string_view name) {
  const Value value = message[field];
  if (!value) return;
  if (value.kind == Value::Kind::number || (value.is_string() && is_number(value.inner()))) {
    writer_.put_number(name, value);
    map(field);
  } else {
    writer_.put_number(name, std::uint64_t{0});
  }
}

/// Lemons are count times value; other coins are as sent, in millionths.
void Codec::gift(const Object& message) {
  const std::string gift = plain_text(message["gift"]);
  if (const auto zeros = zeros_of(gift)) {
    const std::string_view count = digits_of(message["amount"]);
    writer_.put_json("amount", count.empty() || count == "0" ? "0" : std::string(count) + std::string(*zeros, '0'));
    writer_.put_text("currency", "LEMON");
  } else if (gift == "BTT" || gift == "TRX") {
    number(message, "amount", "amount");
    writer_.put_text("currency", gift + "_MICRO");
  }
}

void Codec::write_facts(std::string_view type, const Object& message) {
  if (message["sender"]) person(message);
  const auto text = [&](std::string_view name, std::string_view field) {
    if (const Value value = message[field]; value.is_string()) writer_.put_text(name, value), map(field);
  };
  const auto chest = [&](std::string_view field) {
    number(message, field, "amount");
    if (message[field]) writer_.put_text("currency", "LEMON_E5");
  };
  if (type == "ChatText") {
    text("message", "content");
  } else if (type == "ChatGift") {
    gift(message);
    text("message", "message");
  } else if (type == "ChatSubscription" || type == "ChatExtendSub" || type == "ChatSubStreak") {
    number(message, "month", "amount");
    if (type != "ChatSubscription") number(message, "length", "streak");
  } else if (type == "ChatGiftSub") {
    number(message, "count", "amount");
    if (const Value giver = parts_.members(message["sender"])["username"]; giver.is_string())
      writer_.put("sender", giver);
  } else if (type == "ChatGiftSubReceive") {
    writer_.put_flag("gifted", true);
    const Value gifter = message["gifter"];
    const Object& giver = parts_.members(gifter);
    for (const Value& name : {gifter, giver["username"], giver["displayname"]}) {
      if (!name.is_string()) continue;
      writer_.put("sender", name);
      break;
    }
  } else if (type == "ChatHost") {
    number(message, "viewer", "amount");
  } else if (type == "ChatTCValueAdd") {
    chest("amount");
  } else if (type == "TreasureChestGiveawayStarted") {
    chest("pricePool");
  } else if (type == "TreasureChestValueExpired" || type == "TreasureChestValueUpdated") {
    chest("value");
  }
}

}  // namespace tributary::connectors::dlive
