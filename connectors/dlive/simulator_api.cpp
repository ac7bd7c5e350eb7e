#include "connectors/dlive/simulator_api.hpp"

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <nlohmann/json.hpp>
#include <optional>

#include "connectors/dlive/graphql.hpp"
#include "connectors/link/chat_line.hpp"
#include "connectors/link/credential.hpp"
#include "text/url.hpp"

namespace tributary::connectors::dlive {
namespace {

constexpr std::chrono::milliseconds shown_after{100};  ///< the answer

net::ServedReply json_reply(const nlohmann::json& body, int status = 200) {
  return {status, {{"Content-Type", "application/json"}}, body.dump() + "\n"};
}

net::ServedReply errors_reply(const std::string& words, int status = 200) {
  return json_reply({{"errors", {{{"message", words}}}}, {"data", nullptr}}, status);
}

net::ServedReply err_reply(const std::string& code, const std::string& words) {
  return json_reply(
      {{"data", {{"sendStreamchatMessage", {{"err", {{"code", code}, {"message", words}}}, {"message", nullptr}}}}}});
}

net::ServedReply said_reply(const SaidMessage& said) {
  const nlohmann::json message = {
      {"type", "Message"}, {"id", said.id}, {"content", said.words}, {"sender", {{"username", said.username}}}};
  return json_reply({{"data", {{"sendStreamchatMessage", {{"err", nullptr}, {"message", message}}}}}});
}

/// What the mutation wants, whole; none: the server refuses the query.
std::optional<SaidMessage> message_of(const nlohmann::json& variables) {
  const auto* const input = object_in(variables, "input");
  const bool whole = input != nullptr && input->contains("roomRole") && input->at("roomRole").is_string() &&
                     input->contains("subscribing") && input->at("subscribing").is_boolean() &&
                     input->contains("message") && input->at("message").is_string();
  if (!whole || text_of(*input, "streamer").empty()) return std::nullopt;
  return SaidMessage{{}, text_of(*input, "streamer"), {}, input->at("message").get<std::string>()};
}

bool holds(const std::vector<std::string>& list, const std::string& what) {
  return list.empty() || std::find(list.begin(), list.end(), what) != list.end();
}

}  // namespace

SimulatorApi::SimulatorApi(boost::asio::io_context& io, const SimulatorSettings& settings, NewId new_id, Show show)
    : io_(io), settings_(settings), new_id_(std::move(new_id)), show_(std::move(show)) {}

void SimulatorApi::start(const SimulatorOptions& options) {
  net::HttpServer::Settings listening;
  listening.host = options.host;
  listening.port = settings_.api_port;
  listening.tls = {options.certificate, options.key, {}};
  server_ = net::HttpServer::listen(
      io_, listening,
      [this](const net::ServedRequest& request, const net::HttpServer::Reply& reply) { serve(request, reply); });
  text::Url url;
  url.host = options.host;
  url.port = server_->port();
  url_ = (options.certificate.empty() ? "http://" : "https://") + url.host_and_port() + "/";
}

std::string SimulatorApi::account() const {
  return "asked=" + std::to_string(asked_) + " said=" + std::to_string(said_) + " refused=" + std::to_string(refused_);
}

void SimulatorApi::answer(net::ServedReply what, const net::HttpServer::Reply& reply) {
  if (settings_.api_delay.count() == 0) return reply(std::move(what));
  const auto later = std::make_shared<boost::asio::steady_timer>(io_, settings_.api_delay);
  later->async_wait([later, what = std::move(what), reply](const boost::system::error_code& cancelled) {
    if (!cancelled) reply(what);
  });
}

void SimulatorApi::serve(const net::ServedRequest& request, const net::HttpServer::Reply& reply) {
  const auto body = graphql_answer({0, {}, request.body});
  if (request.method != "POST" || !body)
    return answer(errors_reply("json request body could not be decoded", 400), reply);
  const std::string query = body->value("query", std::string());
  const auto* const variables = object_in(*body, "variables");
  if (variables != nullptr && query.find("userByDisplayName") != std::string::npos) {
    return answer(look_up(*variables), reply);
  }
  if (variables != nullptr && query.find("sendStreamchatMessage(input:$input)") != std::string::npos) {
    return say(*variables, request.header("authorization"), reply);
  }
  answer(errors_reply("Cannot query field", settings_.apollo ? 400 : 422), reply);
}

net::ServedReply SimulatorApi::look_up(const nlohmann::json& variables) const {
  const std::string name = text_of(variables, "n");
  const nlohmann::json user =
      holds(settings_.streamers, name) ? nlohmann::json{{"username", name}, {"displayname", name}} : nlohmann::json();
  return json_reply({{"data", {{"userByDisplayName", user}}}});
}

SimulatorApi::Fault SimulatorApi::fault_of_next() {
  return ++asked_ % settings_.api_fault_every == 0 ? settings_.api_fault : Fault::none;
}

/// Why the platform does not take it, as `err` says it; "": it does.
std::string SimulatorApi::refusal(const SaidMessage& message) {
  if (!holds(settings_.streamers, message.streamer)) return "NOT_FOUND";
  if (message.words.empty()) return "EMPTY";
  if (chat_line(message.words, settings_.chat_length) != chat_line(message.words, message.words.size()))
    return "TOO_LONG";
  const auto now = std::chrono::steady_clock::now();
  const auto before = last_.find(message.username);
  const bool fast = before != last_.end() && now - before->second < settings_.chat_pace;
  if (!fast) last_[message.username] = now;
  return fast ? "TOO_FAST" : "";
}

void SimulatorApi::say(const nlohmann::json& variables, const std::string& token, const net::HttpServer::Reply& reply) {
  auto message = message_of(variables);
  if (!message) return answer(errors_reply("input is not whole", settings_.apollo ? 400 : 422), reply);
  const auto refuse = [&](net::ServedReply what) {
    ++refused_;
    answer(std::move(what), reply);
  };
  const Fault fault = fault_of_next();
  if (fault == Fault::unauthorized || token.empty() || !holds(settings_.user_tokens, token)) {
    return refuse(errors_reply("not signed in", 401));
  }
  if (fault == Fault::forbidden) return refuse(errors_reply("not allowed", 403));
  if (fault == Fault::limited) {
    return refuse({429, {{"Retry-After", std::to_string(settings_.retry_after.count())}}, "slowly\n"});
  }
  if (fault == Fault::errors) return refuse(errors_reply("internal system error"));
  if (fault == Fault::err) return refuse(err_reply("BANNED", "simulated"));
  if (fault == Fault::html) return refuse({200, {{"Content-Type", "text/html"}}, "<html>sign in</html>\n"});
  const std::string claimed = claims_of(token).username;
  message->username = claimed.empty() ? "relay" : claimed;
  if (const auto code = refusal(*message); !code.empty()) return refuse(err_reply(code, "simulated"));
  message->id = new_id_();
  ++said_;
  // From here on it is said; what the client hears of it is another matter.
  if (settings_.shown == SimulatorSettings::Shown::before) show_(*message);
  if (fault == Fault::reset) {
    reply({200, {}, {}, true});
  } else if (fault == Fault::broken) {
    answer(errors_reply("internal system error", 500), reply);
  } else if (fault != Fault::silent) {
    answer(said_reply(*message), reply);
  }
  if (settings_.shown != SimulatorSettings::Shown::after) return;
  const auto later = std::make_shared<boost::asio::steady_timer>(io_, settings_.api_delay + shown_after);
  later->async_wait(
      [later, this, alive = std::weak_ptr(alive_), shown = *message](const boost::system::error_code& cancelled) {
        if (!cancelled && alive.lock()) show_(shown);
      });
}

}  // namespace tributary::connectors::dlive
