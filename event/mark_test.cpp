#include "event/mark.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <variant>
#include <vector>

#include "event/mark_holder.hpp"

namespace tributary::event {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using Standing = Marks::Standing;

const WallTime at = *text::parse_time("2026-10-01T12:34:57.001Z");

Marks::Settings relay(const std::string& name, const std::string& key = "k", const std::string& kid = "") {
  return {name, key, kid, {}};
}

Envelope read(std::string_view text) {
  auto answer = read_envelope(text);
  if (const auto* none = std::get_if<NoEnvelope>(&answer)) {
    ADD_FAILURE() << none->reason << ": " << text;
    return {};
  }
  return std::get<Envelope>(std::move(answer));
}

std::string_view fault_of(const std::string& text) {
  const auto answer = read_envelope(text);
  const auto* none = std::get_if<NoEnvelope>(&answer);
  return none != nullptr ? none->reason : "read";
}

// Vectors, with Python's hmac and hashlib, which know nothing of this program:
//   said = "\n".join(["1", origin, id, hops, at, hashlib.sha256(event.encode()).hexdigest()])
//   hmac.new(key.encode(), said.encode(), hashlib.sha256).hexdigest()
TEST(Mark, IsSignedAsAnotherProgramSignsIt) {
  Envelope envelope{{"relay-1", "5f1c3d6b9a1b2c3d4e5f6a7b", 1, "2026-10-01T12:34:57.001Z", at, "", ""}, "{}"};
  EXPECT_EQ(signature_of(envelope, "k"), "e3de27b9feba47b431c5dba5bf4fd888261596cc7ba1af338c40340268b001d1");
  envelope = {{"bühne", "x", 3, "2026-10-01T12:34:57.001Z", at, "not signed", ""},
              R"({"_id":"x","data":{"message":"☃ \"quoted\" 4.20"}})"};
  EXPECT_EQ(signature_of(envelope, "a longer key, with spaces and ü"),
            "df92a6e05d8721ae77de0852404714d6d30bfd9040fedb1042574ea8f13aa1b2");
}

TEST(Mark, IsWrittenAsTheContractHasIt) {
  const std::string event = R"({"_id":"x","n":4.20})";
  EXPECT_EQ(Marks(relay("relay-1", "")).envelope("x", 0, event, at),
            R"({"tributary":{"v":1,"origin":"relay-1","id":"x","hops":1,"at":"2026-10-01T12:34:57.001Z"},)"
            R"("event":"{\"_id\":\"x\",\"n\":4.20}"})");
  const auto parsed = json::parse(Marks(relay("relay-1", "k", "2026-10")).envelope("x", 2, event, at));
  EXPECT_EQ(parsed["tributary"]["kid"], "2026-10");
  EXPECT_EQ(parsed["tributary"]["hops"], 3);
  EXPECT_EQ(parsed["tributary"]["signature"].get<std::string>().size(), 64U);
  EXPECT_EQ(parsed["event"], event);
}

TEST(Mark, ReadsWhatItWrote) {
  const std::string event = "{\"_id\":\"\xE2\x98\x83\",\"text\":\"\\u0000 \\\\ / \xF0\x9F\x98\x80\"}";
  const std::string text = Marks(relay("höhe \"1\"", "k", "2026/10")).envelope(R"(a\u0062\"c)", 3, event, at);
  const Envelope envelope = read(text);
  EXPECT_EQ(envelope.event, event);
  EXPECT_EQ(envelope.mark.origin, "höhe \"1\"");
  EXPECT_EQ(envelope.mark.id, "ab\"c");
  EXPECT_EQ(envelope.mark.hops, 4U);
  EXPECT_EQ(envelope.mark.published, at);
  EXPECT_EQ(envelope.mark.kid, "2026/10");
  EXPECT_EQ(written(envelope), text);
}

json sound() { return json::parse(Marks(relay("relay-1", "k", "2026-10")).envelope("x", 0, "{}", at)); }

TEST(Mark, WhatIsNoEnvelopeIsRefused) {
  EXPECT_EQ(fault_of(sound().dump()), "read");
  for (const std::string text : {"", "{", "{\"tributary\":{\"v\":1", "no json"}) {
    EXPECT_EQ(fault_of(text), "not_json") << text;
  }
  EXPECT_EQ(fault_of(sound().dump() + "x"), "not_json") << "something follows";
  for (const std::string text : {"1", "null", "\"x\"", "[]", "[1,", "{}", R"({"tributary":1,"event":"{}"})",
                                 R"({"tributary":{},"event":"{}"})", R"({"event":{}})"}) {
    EXPECT_EQ(fault_of(text), "wrong_shape") << text;
  }
  for (const std::string key : {"tributary", "event"}) {
    json without = sound();
    without.erase(key);
    EXPECT_EQ(fault_of(without.dump()), "wrong_shape") << key;
  }
  json more = sound();
  more["from"] = "203.0.113.7";
  EXPECT_EQ(fault_of(more.dump()), "wrong_shape") << "a member beside them would be lost";
  std::string twice = sound().dump();
  twice.insert(1, R"("event":"{}",)");
  EXPECT_EQ(fault_of(twice), "wrong_shape") << "two readers could take two events from it";
}

TEST(Mark, EachMemberHasItsShape) {
  const auto fault_with = [](const char* key, const json& value) {
    json envelope = sound();
    envelope["tributary"][key] = value;
    return fault_of(envelope.dump());
  };
  for (const char* key : {"v", "origin", "id", "hops", "at"}) {
    json without = sound();
    without["tributary"].erase(key);
    EXPECT_EQ(fault_of(without.dump()), "wrong_shape") << key;
    for (const json& odd : {json(nullptr), json(true), json(1.5), json(-1), json::array(), json::object()}) {
      EXPECT_EQ(fault_with(key, odd), "wrong_shape") << key << " " << odd;
    }
  }
  EXPECT_EQ(fault_with("v", 2), "version");
  EXPECT_EQ(fault_with("v", "1"), "wrong_shape");
  for (const json& hops : {json(0), json(-4), json(1e9), json("1"), json(18446744073709551615ULL), json(1'000'001)}) {
    EXPECT_EQ(fault_with("hops", hops), "wrong_shape") << hops;
  }
  EXPECT_EQ(fault_with("hops", 1'000'000), "read");
  for (const char* key : {"origin", "id", "kid"}) {
    for (const json& name : {json(""), json("a\nb"), json("a\x7F"), json(std::string(300, 'x')), json(7)}) {
      EXPECT_EQ(fault_with(key, name), "wrong_shape") << key << " " << name;
    }
  }
  for (const json& time : {json("2026-10-01T12:34:57Z"), json("2026-10-01T14:34:57.001+02:00"), json("yesterday")}) {
    EXPECT_EQ(fault_with("at", time), "wrong_shape") << time;
  }
  for (const json& signature : {json(""), json("ab"), json(std::string(64, 'A')), json(std::string(65, 'a'))}) {
    EXPECT_EQ(fault_with("signature", signature), "wrong_shape") << signature;
  }
  EXPECT_EQ(fault_with("added_later", "what we do not know"), "read");
  EXPECT_EQ(fault_with("added_later", json::array()), "wrong_shape");
}

TEST(Mark, DeepNestingAndLongTextsEndTheReading) {
  EXPECT_EQ(fault_of("{\"tributary\":" + std::string(1'000'000, '[')), "wrong_shape");
  EXPECT_EQ(fault_of(std::string(1'000'000, '{')), "not_json");
  EXPECT_EQ(fault_of("{\"event\":\"" + std::string(1'000'000, 'x') + "\"}"), "wrong_shape");
}

// ── whose it is ─────────────────────────────────────────────────────────────────────────────────────────────────────

Marks hall() {
  return Marks({"hall", "h", "", {{"relay-1", "", "k"}, {"relay-2", "new", "n"}, {"relay-2", "old", "o"}}});
}

Marks::Judgement judged(const std::string& text, WallTime now = at) { return hall().judge(read(text), now); }

std::string from(const std::string& origin, const std::string& key, const std::string& kid = "") {
  return Marks(relay(origin, key, kid)).envelope("x", 0, R"({"amount":5})", at);
}

TEST(Mark, OurOwnIsOursSignedOrNot) {
  EXPECT_EQ(judged(from("hall", "h")).standing, Standing::own);
  EXPECT_EQ(judged(from("hall", "")).standing, Standing::own);
}

TEST(Mark, ATrustedOneIsSignedWithTheKeyOfItsOrigin) {
  EXPECT_EQ(judged(from("relay-1", "k")).standing, Standing::trusted);
  EXPECT_EQ(judged(from("relay-1", "k", "any kid")).standing, Standing::trusted);
  EXPECT_EQ(judged(from("relay-1", "K")).why, "wrong_signature");
  EXPECT_EQ(judged(from("relay-1", "")).why, "unsigned");
  EXPECT_EQ(judged(from("stranger", "k")).why, "unknown_origin");
  EXPECT_EQ(judged(from("relay-10", "k")).why, "unknown_origin");
}

TEST(Mark, KeysRotateByTheirKid) {
  EXPECT_EQ(judged(from("relay-2", "n", "new")).standing, Standing::trusted);
  EXPECT_EQ(judged(from("relay-2", "o", "old")).standing, Standing::trusted);
  EXPECT_EQ(judged(from("relay-2", "o", "new")).why, "wrong_signature");
  EXPECT_EQ(judged(from("relay-2", "n", "older")).why, "unknown_kid");
  EXPECT_EQ(judged(from("relay-2", "n")).why, "unknown_kid");
}

TEST(Mark, ASignatureIsGoodForFiveMinutesAroundItsTime) {
  const std::string text = from("relay-1", "k");
  for (const auto good : {0ms, 300'000ms, -300'000ms}) EXPECT_EQ(judged(text, at + good).standing, Standing::trusted);
  for (const auto bad : {300'001ms, -300'001ms}) EXPECT_EQ(judged(text, at + bad).why, "expired");
}

TEST(Mark, AnythingThatIsChangedBreaksTheSignature) {
  const json good = json::parse(from("relay-1", "k"));
  const auto why = [&](const std::string& key, const json& value) {
    json changed = good;
    (key == "event" ? changed : changed["tributary"])[key] = value;
    return judged(changed.dump()).why;
  };
  EXPECT_EQ(why("event", R"({"amount":1000000})"), "wrong_signature");
  EXPECT_EQ(why("event", R"({"amount":5} )"), "wrong_signature");
  EXPECT_EQ(why("id", "chosen"), "wrong_signature");
  EXPECT_EQ(why("hops", 2), "wrong_signature");
  EXPECT_EQ(why("at", "2026-10-01T12:34:58.001Z"), "wrong_signature");
  EXPECT_EQ(why("signature", std::string(64, '0')), "wrong_signature");
}

TEST(Mark, TheHolderGivesWhatWasPutInLast) {
  MarkHolder holder;
  EXPECT_EQ(holder.current()->instance(), "");
  EXPECT_EQ(holder.current()->judge(read(from("relay-1", "k")), at).why, "unknown_origin");
  const auto before = holder.current();
  std::thread other([&] {
    for (int i = 0; i < 100; ++i) holder.set(std::make_shared<const Marks>(relay("hall")));
  });
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(holder.current());
  other.join();
  EXPECT_EQ(holder.current()->instance(), "hall");
  EXPECT_EQ(before->instance(), "") << "who holds it keeps it";
}

}  // namespace
}  // namespace tributary::event
