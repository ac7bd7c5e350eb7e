#include "connectors/dlive/lookup.hpp"

#include <nlohmann/json.hpp>

#include "connectors/dlive/graphql.hpp"
#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::size_t answer_limit = 200;

std::string clipped(const std::string& text) { return std::string(text::clip(text, answer_limit)); }

}  // namespace

Lookup lookup_of(const std::string& api_url, const std::string& streamer, const std::string& token) {
  Lookup lookup;
  lookup.subject = "streamer " + streamer;
  lookup.request = graphql_request(
      api_url, "query($n:String!){userByDisplayName(displayname:$n){username displayname}}", {{"n", streamer}});
  if (!token.empty()) lookup.request.headers.emplace_back("authorization", token);
  lookup.judge = [streamer](const net::HttpAnswer& reply) { return judge(reply, streamer); };
  return lookup;
}

Lookup::Meaning judge(const net::HttpAnswer& reply, const std::string& streamer) {
  if (reply.status != 200) return {false, "HTTP " + std::to_string(reply.status)};
  const auto answer = graphql_answer(reply);
  if (!answer) return {false, "the answer is no JSON object"};
  if (const auto words = first_error(*answer)) return {false, "the API says: " + *words};
  const auto* const data = object_in(*answer, "data");
  const auto* const user =
      data != nullptr && data->contains("userByDisplayName") ? &(*data)["userByDisplayName"] : nullptr;
  if (user == nullptr) return {false, "the answer has no userByDisplayName"};
  if (user->is_null()) {
    return {false, "nobody has `" + streamer + "` as display name; if it is a username of another display name, " +
                       "the API cannot tell"};
  }
  const bool named = user->is_object() && user->contains("username") && (*user)["username"].is_string();
  if (!named) return {false, "the answer has no username"};
  const auto username = (*user)["username"].get<std::string>();
  if (username == streamer) return {true, "is a username"};
  return {false, "is a display name; the username is `" + clipped(username) + "`"};
}

}  // namespace tributary::connectors::dlive
