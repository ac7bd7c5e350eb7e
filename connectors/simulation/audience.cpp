#include "connectors/simulation/audience.hpp"

#include <array>

#include "text/json.hpp"

namespace tributary::connectors {
namespace {

constexpr std::size_t size_of_it = 240;

// Written for this show.
constexpr std::array names = {"Marlow",   "quietfox", "Nadia",    "TheOtherBob", "yuki",    "Åsa",   "Żaneta",
                              "Δημήτρης", "Ольга",    "さくら",   "민준",        "李雷",    "محمد",  "Renée",
                              "piñata",   "zero_k",   "LATE4TEA", "hex",         "Ingrid☃", "crumb🍞"};
constexpr std::array messages = {
    "",
    "hello from the train",
    "first time here, staying",
    "that jump was unreal 😂😂",
    "can you play the old map next?",
    "GG",
    "für die Kaffeekasse ☕",
    "今日も楽しい配信ありがとう！",
    "quote \"of the day\" and a back\\slash",
    "line one\nline two",
    "это было красиво",
    "a longer thought: I had the stream on while cooking, and now the kitchen is a mess, but I regret nothing at all",
    "👩‍👩‍👧‍👦 whole family watching",
};

void begin_member(std::string& out, std::string_view key) {
  if (out.back() != '{') out += ',';
  out += '"';
  out += key;
  out += "\":";
}

}  // namespace

void append_hex(std::string& out, std::uint64_t value, int digits) {
  for (int shift = (digits - 1) * 4; shift >= 0; shift -= 4) out += "0123456789abcdef"[value >> shift & 15];
}

void json_member(std::string& out, std::string_view key, std::string_view text) {
  begin_member(out, key);
  text::append_quoted(out, text);
}

void json_member(std::string& out, std::string_view key, std::uint64_t number) {
  begin_member(out, key);
  text::append_number(out, number);
}

void json_raw_member(std::string& out, std::string_view key, std::string_view json) {
  begin_member(out, key);
  out += json;
}

Audience::Audience(std::uint64_t seed) : random_(seed) {
  for (std::size_t i = 0; i < size_of_it; ++i) {
    Viewer viewer;
    viewer.login = "viewer_" + std::to_string(1000 + i);
    viewer.name = std::string(names[below(names.size())]) + (chance(40) ? std::to_string(below(99)) : "");
    viewer.id = std::to_string(10'000'000 + below(900'000'000));
    viewer.avatar = "https://cdn.example.org/avatars/" + std::to_string(below(100'000)) + ".png";
    viewers_.push_back(std::move(viewer));
  }
}

std::string_view Audience::words() { return messages[below(messages.size())]; }

std::string_view Audience::chat() { return messages[1 + below(messages.size() - 1)]; }

std::string Audience::uuid() {
  std::string text;
  const auto high = random_(), low = random_();
  append_hex(text, high >> 32, 8), text += '-', append_hex(text, high >> 16, 4), text += "-4",
      append_hex(text, high, 3);
  text += "-9", append_hex(text, low >> 48, 3), text += '-', append_hex(text, low, 12);
  return text;
}

double Audience::pace() {
  if (mood_left_-- <= 0) {
    // 60 % quiet at 0.4, 30 % lively at 1.2, 10 % a burst at 4: 1 on average.
    const auto dice = below(100);
    mood_ = dice < 60 ? 0.4 : dice < 90 ? 1.2 : 4.0;
    mood_left_ = static_cast<int>(50 + below(400));
  }
  return mood_;
}

}  // namespace tributary::connectors
