#include "connectors/dlive/backfill.hpp"

#include <algorithm>
#include <array>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>
#include <vector>

#include "connectors/dlive/graphql.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/json/upstream_time.hpp"
#include "connectors/link/backfill.hpp"
#include "connectors/link/protocol_value.hpp"
#include "text/time.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr int http_ok = 200, history_bad_request = 400, unprocessable = 422;
constexpr std::size_t history_bytes = std::size_t{4} << 20U;

/// The kinds of message of which the site itself asks for the last ones, with their own fields.
struct HistoryKind {
  std::string_view type_name, fields;
};
constexpr std::array history_kinds{
    HistoryKind{"ChatText", "content subLength emojis"},
    HistoryKind{"ChatGift", "gift amount message"},
    HistoryKind{"ChatFollow", ""},
    HistoryKind{"ChatHost", "viewer"},
    HistoryKind{"ChatSubscription", "month"},
    HistoryKind{"ChatExtendSub", "month length"},
    HistoryKind{"ChatSubStreak", "length"},
    HistoryKind{"ChatGiftSub", "count receiver"},
    HistoryKind{"ChatGiftSubReceive", "gifter"},
    HistoryKind{"ChatModerator", "add"},
    HistoryKind{"ChatEmoteAdd", "emote"},
    HistoryKind{"ChatClip", "url"},
    HistoryKind{"ChatTCValueAdd", "amount totalAmount"},
};

/// `all_times`: of all kinds, while the site asks for the time of texts only.
std::string query_of(bool all_times) {
  std::string query = "query($u:String!,$c:Int!){user(username:$u){username chats(count:$c){type __typename";
  for (const HistoryKind& kind : history_kinds) {
    query.append(" ... on ").append(kind.type_name).append("{id ").append(kind.fields);
    if (all_times || kind.type_name == "ChatText") query += " createdAt";
    query += " ...S}";
  }
  return query +
         "}}}fragment S on SenderInfo{subscribing role roomRole "
         "sender{id username displayname avatar partnerStatus badges effect}}";
}

struct Row {
  Value value;
  std::optional<event::WallTime> time;
  bool named = false;  ///< has an id
};

/// The messages of one answer, oldest first, and the times of their neighbours.
class Rows {
 public:
  Rows(JsonParts& parts, const Value& chats, event::WallTime now) {
    for (const Value& value : parts.elements(chats)) {
      if (value.kind != Value::Kind::object) continue;
      const Object& members = parts.members(value);
      rows_.push_back({value, time_of(members["createdAt"], TimeUnit::nanoseconds, now).time,
                       members["id"].is_string() && members["id"].text.size() > 2});
    }
    const auto timed = [](const Row& row) { return row.time.has_value(); };
    const auto first = std::find_if(rows_.begin(), rows_.end(), timed);
    const auto last = std::find_if(rows_.rbegin(), rows_.rend(), timed);
    if (first != rows_.end() && *first->time > *last->time) std::reverse(rows_.begin(), rows_.end());
  }

  std::size_t size() const { return rows_.size(); }
  const Row& operator[](std::size_t i) const { return rows_[i]; }
  /// The time of the nearest one before it, or after it, that has one.
  std::optional<event::WallTime> before(std::size_t i) const {
    while (i-- > 0) {
      if (rows_[i].time) return rows_[i].time;
    }
    return std::nullopt;
  }
  std::optional<event::WallTime> after(std::size_t i) const {
    while (++i < rows_.size()) {
      if (rows_[i].time) return rows_[i].time;
    }
    return std::nullopt;
  }
  std::optional<event::WallTime> oldest() const {
    return rows_.empty() || rows_.front().time ? (rows_.empty() ? std::nullopt : rows_.front().time) : after(0);
  }

 private:
  std::vector<Row> rows_;
};

class Search final : public std::enable_shared_from_this<Search> {
 public:
  Search(ChatHistory asked, event::WallTime from, event::WallTime to)
      : asked_(std::move(asked)),
        from_(from),
        to_(to),
        codec_(asked_.connector, asked_.nesting),
        json_(asked_.nesting) {}

  Backfill question(bool all_times) {
    Backfill backfill;
    backfill.request =
        graphql_request(asked_.api_url, query_of(all_times), {{"u", asked_.streamer}, {"c", asked_.limit}});
    if (!asked_.token.empty()) backfill.request.headers.emplace_back("authorization", asked_.token);
    backfill.request.limit = history_bytes;
    backfill.judge = [self = shared_from_this(), all_times](const net::HttpAnswer& answer, const event::Now& now) {
      return self->judge(answer, all_times, now);
    };
    return backfill;
  }

 private:
  /// Three layers can fail: HTTP, GraphQL, and what it says of the user.
  BackfillAnswer judge(const net::HttpAnswer& answer, bool all_times, const event::Now& now) {
    Value whole;
    const bool json = parts_.read(json_, answer.body, whole) && whole.kind == Value::Kind::object;
    const Object none;
    const Object& members = json ? parts_.members(whole) : none;
    std::string errors = json ? words_in(parts_, members["errors"]) : std::string();
    const bool graphql =
        answer.status == http_ok || answer.status == history_bad_request || answer.status == unprocessable;
    if (all_times && graphql && errors.find("createdAt") != std::string::npos) {
      BackfillAnswer plainer;
      plainer.next.push_back(question(false));
      return plainer;
    }
    if (answer.status != http_ok) {
      if (errors.empty() && json) errors = words_in(parts_, whole);
      return refusal(answer, errors, now);
    }
    if (!json) return unexpected("no JSON object");
    const Object& data = parts_.members(members["data"]);
    const Value user = data["user"];
    if (!user || (user.kind == Value::Kind::null && !errors.empty())) {
      return unexpected(errors.empty() ? "without a user" : "an error: " + errors);
    }
    if (user.kind == Value::Kind::null) return unexpected("that nobody has the username " + asked_.streamer);
    const Value chats = parts_.members(user)["chats"];
    if (chats.kind != Value::Kind::array) {
      return unexpected(errors.empty() ? "no list of chats" : "no list of chats but an error: " + errors);
    }
    return messages(Rows(parts_, chats, now.wall), now);
  }

  BackfillAnswer messages(const Rows& rows, const event::Now& now) {
    BackfillAnswer judged;
    std::size_t unplaced = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Row& row = rows[i];
      if (row.time ? *row.time < from_ || *row.time > to_ : !row.named || is_surely_older(rows, i)) continue;
      if (!row.time && !is_known_if_heard(rows, i)) {
        ++unplaced;
        continue;
      }
      take(row, judged, now);
    }
    const auto oldest = rows.oldest();
    if (rows.size() >= asked_.limit && (!oldest || *oldest > from_)) {
      judged.fault = "the API tells the last " + std::to_string(rows.size()) + " messages only" +
                     (oldest ? ", since " + text::to_text(*oldest) : std::string()) +
                     "; what was said before is missing (`limit`)";
    } else if (unplaced != 0) {
      judged.fault = std::to_string(unplaced) + " messages without a time may be of before, and are left out";
    }
    return judged;
  }

  bool is_surely_older(const Rows& rows, std::size_t i) const {
    const auto after = rows.after(i);
    return after && *after < from_;
  }
  /// Had it been heard at its time, dedupe would know it: so it may be taken.
  bool is_known_if_heard(const Rows& rows, std::size_t i) const {
    const auto before = rows.before(i);
    return before && *before >= std::min(asked_.known_since, from_);
  }

  /// One message, as if the socket had said it.
  void take(const Row& row, BackfillAnswer& judged, const event::Now& now) {
    outcome_.clear();
    codec_.read(
        R"({"type":"data","id":"1","payload":{"data":{"streamMessageReceived":)" + std::string(row.value.text) + "}}}",
        outcome_);
    codec_.messages(asked_.streamer, now, outcome_,
                    [&](const ChatWords& chat) { return asked_.is_own && asked_.is_own(chat, now); });
    for (event::Draft& draft : outcome_.drafts) judged.drafts.push_back(std::move(draft));
  }

  ChatHistory asked_;
  event::WallTime from_, to_;
  Codec codec_;
  JsonText json_;
  JsonParts parts_;
  Outcome outcome_;
};

}  // namespace

Backfill missed_chats(ChatHistory asked, event::WallTime from, event::WallTime to) {
  return std::make_shared<Search>(std::move(asked), from, to)->question(true);
}

}  // namespace tributary::connectors::dlive
