#include "connectors/dlive/mutation.hpp"

#include <algorithm>
#include <ctime>
#include <nlohmann/json.hpp>
#include <utility>

#include "connectors/dlive/graphql.hpp"
#include "net/http_reply.hpp"

namespace tributary::connectors::dlive {
namespace {

using event::MessageResult;

constexpr std::string_view say_query =
    "mutation($input:SendStreamchatMessageInput!){sendStreamchatMessage(input:$input)"
    "{err{code message}message{type ... on ChatText{id content sender{username}}}}}";
constexpr std::size_t answer_bytes = 64u << 10;
constexpr std::chrono::seconds default_retry_after{10}, longest_retry_after{300};
constexpr int ok_from = 200, ok_to = 299, unauthorized = 401, not_allowed = 403, too_many = 429, fault_of_server = 500;

MutationAnswer refused(std::string_view reason, std::string detail) {
  return {MessageResult::refused, reason, std::move(detail)};
}

std::string http_words(const net::HttpAnswer& answer) {
  std::string words = "HTTP " + std::to_string(answer.status);
  const auto json = graphql_answer(answer);
  if (!json) return words;
  const std::string said = first_error(*json).value_or(text_of(*json, "message"));
  return said.empty() ? words : words + ": " + said;
}

MutationAnswer judge_status(const net::HttpAnswer& answer, text::WallTime now) {
  const int status = answer.status;
  if (status == unauthorized || status == not_allowed) return refused("credential_refused", http_words(answer));
  if (status >= fault_of_server) return {MessageResult::unconfirmed, "server_error", http_words(answer)};
  if (status != too_many) return refused("http_error", http_words(answer));
  MutationAnswer later{MessageResult::returned, "rate_limited", http_words(answer)};
  const auto seconds =
      static_cast<std::time_t>(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
  const std::chrono::seconds asked(net::retry_after_seconds(net::header_value(answer.headers, "Retry-After"), seconds));
  later.wait = asked.count() > 0 ? std::min(asked, longest_retry_after) : default_retry_after;
  return later;
}

}  // namespace

net::HttpRequest mutation_of(const std::string& api_url, const std::string& streamer, const std::string& words) {
  net::HttpRequest request = graphql_request(
      api_url, say_query,
      {{"input", {{"streamer", streamer}, {"message", words}, {"roomRole", "Member"}, {"subscribing", false}}}});
  request.limit = answer_bytes;
  return request;
}

MutationAnswer judge_mutation(const net::HttpAnswer& answer, text::WallTime now) {
  if (answer.status < ok_from || answer.status > ok_to) return judge_status(answer, now);
  const auto json = graphql_answer(answer);
  if (!json) return refused("not_json", "the answer is no JSON object; is api_url right?");
  const auto* const data = object_in(*json, "data");
  const auto* const said = data == nullptr ? nullptr : object_in(*data, "sendStreamchatMessage");
  if (said != nullptr && said->contains("err") && !said->at("err").is_null()) {
    const auto& err = said->at("err");
    const std::string code = text_of(err, "code"), words = text_of(err, "message");
    return refused("upstream_error", code + (code.empty() || words.empty() ? "" : ": ") + words);
  }
  const auto* const message = said == nullptr ? nullptr : object_in(*said, "message");
  if (message == nullptr) {
    if (auto words = first_error(*json)) return refused("graphql_error", std::move(*words));
    if (said == nullptr) return refused("wrong_shape", "the answer has no sendStreamchatMessage");
  }
  MutationAnswer sent{MessageResult::sent};
  if (message == nullptr) return sent;
  sent.id = text_of(*message, "id");
  if (const auto* const sender = object_in(*message, "sender")) sent.username = text_of(*sender, "username");
  return sent;
}

}  // namespace tributary::connectors::dlive
