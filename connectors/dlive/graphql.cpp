#include "connectors/dlive/graphql.hpp"

#include <nlohmann/json.hpp>

#include "text/json.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::size_t words_limit = 200;

}  // namespace

net::HttpRequest graphql_request(const std::string& api_url, std::string_view query, const nlohmann::json& variables) {
  net::HttpRequest request;
  request.method = "POST";
  request.url = api_url;
  request.headers = {{"Content-Type", "application/json"}, {"Accept", "application/json"}};
  request.body = nlohmann::json{{"query", query}, {"variables", variables}}.dump();
  return request;
}

std::optional<nlohmann::json> graphql_answer(const net::HttpAnswer& answer) {
  std::string body;
  text::append_repaired(body, answer.body);
  auto json = nlohmann::json::parse(body, nullptr, false);
  return json.is_object() ? std::optional(std::move(json)) : std::nullopt;
}

std::string text_of(const nlohmann::json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (!object.is_object() || found == object.end()) return {};
  if (found->is_string()) return std::string(text::clip(found->get_ref<const std::string&>(), words_limit));
  return found->is_number() ? found->dump() : std::string();
}

std::optional<std::string> first_error(const nlohmann::json& answer) {
  const auto errors = answer.find("errors");
  if (errors == answer.end() || !errors->is_array() || errors->empty()) return std::nullopt;
  const std::string words = text_of(errors->front(), "message");
  return words.empty() ? "an error without words" : words;
}

const nlohmann::json* object_in(const nlohmann::json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  return object.is_object() && found != object.end() && found->is_object() ? &*found : nullptr;
}

}  // namespace tributary::connectors::dlive
