#include "connectors/streamelements/backfill.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <unordered_set>
#include <utility>

#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/json/upstream_time.hpp"
#include "connectors/link/backfill.hpp"
#include "connectors/link/protocol_value.hpp"
#include "text/percent.hpp"
#include "text/time.hpp"

namespace tributary::connectors::streamelements {
namespace {

using std::chrono::milliseconds;

constexpr int http_ok = 200;
constexpr std::size_t answer_bytes = std::size_t{8} << 20U;
constexpr milliseconds answer_timeout{20'000};

net::HttpRequest request_of(const Activities& asked, event::WallTime from, event::WallTime to) {
  net::HttpRequest request;
  std::string_view api = asked.api_url;
  while (api.ends_with('/')) api.remove_suffix(1);
  request.url = std::string(api) + "/kappa/v2/activities/" + text::percent_encoded(asked.channel) +
                "?after=" + text::percent_encoded(text::to_text(from)) +
                "&before=" + text::percent_encoded(text::to_text(to)) + "&limit=" + std::to_string(asked.limit);
  request.headers = {{"Accept", "application/json"}, {"Authorization", authorization(asked.method, asked.token)}};
  request.limit = answer_bytes;
  request.timeout = answer_timeout;
  return request;
}

/// What a page has, as far as its drafts do not tell.
struct Page {
  std::vector<event::Draft> drafts;
  std::size_t rows = 0, fresh = 0;
  std::optional<event::WallTime> first, last, oldest, newest;  ///< of the rows that are fresh

  void saw(event::WallTime time) {
    if (!first) first = time;
    last = time;
    if (!oldest || time < *oldest) oldest = time;
    if (!newest || time > *newest) newest = time;
  }
  bool goes_forwards() const { return first && *first < *last; }
};

/// The pages of one question. Kept by whoever may still be asked for the next one.
class Search final : public std::enable_shared_from_this<Search> {
 public:
  explicit Search(Activities asked) : asked_(std::move(asked)), codec_(asked_.codec), json_(asked_.codec.nesting) {}

  Backfill page(event::WallTime from, event::WallTime to) {
    Backfill backfill;
    backfill.request = request_of(asked_, from, to);
    backfill.judge = [self = shared_from_this(), from, to](const net::HttpAnswer& answer, const event::Now& now) {
      return self->judge(answer, from, to, now);
    };
    return backfill;
  }

 private:
  BackfillAnswer judge(const net::HttpAnswer& answer, event::WallTime from, event::WallTime to, const event::Now& now) {
    Value whole;
    const bool json = parts_.read(json_, answer.body, whole);
    if (answer.status != http_ok) return refusal(answer, json ? words_in(parts_, whole) : std::string(), now);
    if (!json) return unexpected("no JSON: " + json_.explain());
    const Value rows = whole.kind == Value::Kind::object ? parts_.members(whole)["docs"] : whole;
    if (rows.kind != Value::Kind::array) return unexpected("no list of activities");
    Page page;
    for (const Value& row : parts_.elements(rows)) take(row, page, now);
    if (page.fresh == 0 && page.rows >= asked_.limit) {
      return unexpected("a page of nothing new: more than " + std::to_string(asked_.limit) +
                        " activities are of one moment, or the API does not look at `before`");
    }
    BackfillAnswer judged;
    if (auto next = page_after(page, from, to)) judged.next.push_back(std::move(*next));
    judged.backwards = !page.goes_forwards();
    if (judged.backwards) std::reverse(page.drafts.begin(), page.drafts.end());
    std::stable_sort(page.drafts.begin(), page.drafts.end(),
                     [](const auto& one, const auto& other) { return one.created < other.created; });
    judged.drafts = std::move(page.drafts);
    if (judged.next.empty() && odd_ != 0) judged.fault = std::to_string(odd_) + " activities cannot be understood";
    return judged;
  }

  /// One activity, as if the socket had said it.
  void take(const Value& row, Page& page, const event::Now& now) {
    ++page.rows;
    const Object& members = parts_.members(row);
    std::string id = plain_text(members["_id"]);
    if (!seen_.insert(id.empty() ? std::string(row.text) : std::move(id)).second) return;
    ++page.fresh;
    for (const std::string_view key : {"createdAt", "updatedAt"}) {
      if (const auto time = time_of(members[key], TimeUnit::milliseconds, now.wall); time) {
        page.saw(*time.time);
        break;
      }
    }
    outcome_.clear();
    codec_.read("[\"event\"," + std::string(row.text) + "]", asked_.channel, now, outcome_);
    if (outcome_.kind == event::FrameKind::malformed) ++odd_;
    for (event::Draft& draft : outcome_.drafts) page.drafts.push_back(std::move(draft));
  }

  /// Whether `after` and `before` count their own moment is not known: it is asked for once more, and known then.
  std::optional<Backfill> page_after(const Page& last, event::WallTime from, event::WallTime to) {
    if (!last.oldest) return std::nullopt;
    if (last.goes_forwards()) {
      const auto after = *last.newest - milliseconds(1);
      return after > from && after < to ? std::optional(page(after, to)) : std::nullopt;
    }
    auto before = *last.oldest + milliseconds(1);
    if (before >= to) before = *last.oldest;
    return before > from && before < to ? std::optional(page(from, before)) : std::nullopt;
  }

  Activities asked_;
  Codec codec_;
  JsonText json_;
  JsonParts parts_;
  Outcome outcome_;
  std::unordered_set<std::string> seen_;  ///< `_id`s
  std::uint64_t odd_ = 0;                 ///< rows that are no activities
};

}  // namespace

std::string authorization(Method method, std::string_view token) {
  switch (method) {
    case Method::jwt:
      return "Bearer " + std::string(token);
    case Method::oauth2:
      return "oAuth " + std::string(token);
    case Method::apikey:
      break;
  }
  return "apikey " + std::string(token);
}

Backfill missed_activities(Activities asked, event::WallTime from, event::WallTime to) {
  return std::make_shared<Search>(std::move(asked))->page(from, to);
}

Lookup activities_lookup(const Activities& asked) {
  Lookup lookup;
  lookup.subject = "backfill";
  lookup.key = "backfill.api_url";
  Activities one = asked;
  one.limit = 1;
  const event::WallTime begin{};
  lookup.request = request_of(one, begin, begin + milliseconds(1));
  lookup.judge = [one = std::move(one), begin](const net::HttpAnswer& answer) -> Lookup::Meaning {
    const auto judged =
        std::make_shared<Search>(one)->page(begin, begin + milliseconds(1)).judge(answer, event::Now{{}, begin});
    if (!judged.fault.empty()) return {false, judged.fault};
    return {true, "the activities of channel " + one.channel + " can be read"};
  };
  return lookup;
}

}  // namespace tributary::connectors::streamelements
