#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.hpp"

// GraphQL over HTTP, as DLive's API has it. Pure. Thread: any.

namespace tributary::connectors::dlive {

/// What is asked goes into the variables, never into the text of the query, so that it cannot be taken for GraphQL.
net::HttpRequest graphql_request(const std::string& api_url, std::string_view query, const nlohmann::json& variables);

/// The answer as an object; bytes that are not UTF-8 are repaired. None: it is no JSON object.
std::optional<nlohmann::json> graphql_answer(const net::HttpAnswer& answer);

/// The words of the first of its top-level `errors`, clipped; none: it has none.
std::optional<std::string> first_error(const nlohmann::json& answer);

/// A member that is text, or a number as text; else "". Clipped.
std::string text_of(const nlohmann::json& object, const char* key);

/// A member that is an object; null for anything else.
const nlohmann::json* object_in(const nlohmann::json& object, const char* key);

}  // namespace tributary::connectors::dlive
