#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>

#include "expression/condition.hpp"
#include "expression/template.hpp"
#include "schema/document.hpp"

namespace tributary::expression {

/// A tip as it goes to every sink.
inline constexpr std::string_view tip_event =
    R"({"_id":"5f1c3d6b9a1b2c3d4e5f6a7b","channel":"5eb8","type":"tip","provider":"twitch","flagged":false,)"
    R"("data":{"username":"viewer","displayName":"Viewer 123","amount":5.00,"currency":"USD","message":"","items":[)"
    R"({"name":"cup","price":4.20},{"name":"\u0022hat\u0022"}],"a b":{"0":"zero"},"nothing":null,"gifted":true},)"
    R"("createdAt":"2026-10-01T12:34:56.789Z","relay":{"connector":"stage","source":"streamelements","sequence":7}})";

/// An event whose `data` is this.
inline std::string event_with(std::string_view data) { return R"({"type":"tip","data":)" + std::string(data) + "}"; }

inline Condition condition(std::string_view text) {
  auto parsed = Condition::parse(text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) {
    ADD_FAILURE() << text << ": " << words_of(*fault);
    return condition("type == 'none'");
  }
  return std::get<Condition>(std::move(parsed));
}

inline bool holds(std::string_view text, std::string_view event = tip_event) {
  std::string padded(event);
  padded.reserve(padded.size() + simdjson::SIMDJSON_PADDING);
  schema::Document document;
  EXPECT_TRUE(document.read_padded(padded)) << event;  // as the relay reads an event
  return condition(text).holds(document);
}

/// "at character 1: …"; "" when it can be read.
inline std::string condition_fault(std::string_view text) {
  const auto parsed = Condition::parse(text);
  const auto* fault = std::get_if<Fault>(&parsed);
  return fault == nullptr ? "" : words_of(*fault);
}

inline std::string template_fault(std::string_view text) {
  const auto parsed = Template::parse(text);
  const auto* fault = std::get_if<Fault>(&parsed);
  return fault == nullptr ? "" : words_of(*fault);
}

inline std::string made(std::string_view text, std::string_view event = tip_event) {
  const auto parsed = Template::parse(text);
  if (const auto* fault = std::get_if<Fault>(&parsed)) {
    ADD_FAILURE() << text << ": " << words_of(*fault);
    return {};
  }
  return std::get<Template>(parsed).of(event);
}

}  // namespace tributary::expression
