#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/link/protocol.hpp"

namespace tributary::conformance {

/// A Protocol whose frames are spoiled on the way in, once it is live: bits flipped, parts cut, repeated and spliced,
/// nests opened, text said to be binary. Every other frame, by a fixed seed. Thread: io.
class TamperedProtocol final : public connectors::Protocol {
 public:
  TamperedProtocol(std::unique_ptr<connectors::Protocol> sound, std::uint64_t seed)
      : sound_(std::move(sound)), random_(seed) {}

  std::uint64_t spoiled() const { return spoiled_; }

  std::vector<config::Secret> secrets() const override { return sound_->secrets(); }
  std::variant<net::DialTarget, net::Ending> dial(const std::vector<std::string>& secrets,
                                                  const event::Now& now) override {
    return sound_->dial(secrets, now);
  }
  void open(std::uint64_t connection, const event::Now& now, connectors::Outcome& outcome) override {
    sound_->open(connection, now, outcome);
    live_ = outcome.live;
  }
  void frame(std::string_view payload, bool binary, const event::Now& now, connectors::Outcome& outcome) override {
    if (!live_ || below(2) == 0) {
      sound_->frame(payload, binary, now, outcome);
      last_ = payload.substr(0, 4096);
    } else {
      std::string text(payload);
      for (auto times = 1 + below(3); times > 0; --times) spoil(text);
      ++spoiled_;
      sound_->frame(text, below(20) == 0 ? !binary : binary, now, outcome);
    }
    live_ |= outcome.live;
  }
  event::SteadyTime deadline() const override { return sound_->deadline(); }
  void tick(const event::Now& now, connectors::Outcome& outcome) override {
    sound_->tick(now, outcome);
    live_ |= outcome.live;
  }
  void paused(bool paused, const event::Now& now, connectors::Outcome& outcome) override {
    sound_->paused(paused, now, outcome);
  }
  void farewell(connectors::Outcome& outcome) override { sound_->farewell(outcome); }
  std::vector<std::string> channels() const override { return sound_->channels(); }

 private:
  std::size_t below(std::size_t limit) { return limit == 0 ? 0 : static_cast<std::size_t>(random_() % limit); }

  void spoil(std::string& text) {
    const std::size_t at = below(text.size() + 1);
    const std::size_t length = below(std::min<std::size_t>(text.size() - at, 24) + 1);
    switch (below(9)) {
      case 0:
        if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << below(8)));
        return;
      case 1:
        text.erase(at, length);
        return;
      case 2:
        text.insert(at, text.substr(at, length));
        return;
      case 3: {
        static constexpr std::string_view bytes = "{}[]\",:\\0-9.eEtfn \x80\xC3\xED\xFF";
        text.insert(at, 1, bytes[below(bytes.size())]);
        return;
      }
      case 4:
        text.resize(at);
        return;
      case 5:
        text.insert(at, std::string(below(200), below(2) == 0 ? '[' : '{'));
        return;
      case 6:
        text.insert(at, last_.substr(below(last_.size() + 1), 40));
        return;
      case 7: {
        static constexpr std::string_view values[] = {
            "null", "true", "{}", "[]", "\"\"", "1e999", "-0.0", "\"gift\"", "123456789012345678901234567890"};
        if (const auto colon = text.find(':', at); colon != std::string::npos) {
          const auto end = text.find_first_of(",}", colon);
          if (end != std::string::npos) text.replace(colon + 1, end - colon - 1, values[below(std::size(values))]);
        }
        return;
      }
      default:
        text.insert(at, "\\ud800");
    }
  }

  std::unique_ptr<connectors::Protocol> sound_;
  std::mt19937_64 random_;
  std::string last_;
  std::uint64_t spoiled_ = 0;
  bool live_ = false;
};

}  // namespace tributary::conformance
