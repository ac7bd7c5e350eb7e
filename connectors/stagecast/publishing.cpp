#include "connectors/stagecast/publishing.hpp"

#include "connectors/json/json_text.hpp"
#include "text/json.hpp"

namespace tributary::connectors::stagecast {
namespace {

std::string_view fault_of_broadcast(std::string_view content, std::size_t nesting) {
  JsonText json(nesting);
  Value value;
  Object object;
  json.load(content);
  if (!json.read_object(value, object) || !json.at_end()) return "not_json";
  const auto has = [&](std::string_view key) { return static_cast<bool>(object[key]); };
  const bool login = has("token") || (has("email") && has("password"));
  const bool direct = has("to") && has("message");
  return login || direct ? "reserved_keys" : std::string_view();
}

}  // namespace

Publication publication_of(const event::Message& message, std::size_t nesting) {
  std::string content;
  if (message.form == event::Form::text) {
    text::append_quoted(content, message.content);
  } else {
    content = message.content;
  }
  const auto* recipient = dynamic_cast<const Recipient*>(message.address.get());
  if (recipient != nullptr && !recipient->to.empty()) {
    Publication direct{"{\"to\":"};
    text::append_quoted(direct.frame, recipient->to);
    direct.frame.append(",\"message\":").append(content).append("}");
    return direct;
  }
  const auto fault =
      message.form == event::Form::text ? std::string_view() : fault_of_broadcast(message.content, nesting);
  if (!fault.empty()) return {{}, fault};
  return {std::move(content)};
}

}  // namespace tributary::connectors::stagecast
