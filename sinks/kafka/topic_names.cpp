#include <algorithm>
#include <array>
#include <utility>

#include "sinks/kafka/record.hpp"

namespace tributary::sinks::kafka {
namespace {

constexpr std::size_t longest_name = 249;

bool is_topic_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

void append_folded(std::string& out, std::string_view value) {
  if (value.empty()) out += '_';
  for (const char c : value) {
    if ((static_cast<unsigned char>(c) & 0xC0U) == 0x80U) continue;  // the rest of a character already replaced
    if (c >= 'A' && c <= 'Z') {
      out += static_cast<char>(c - 'A' + 'a');
    } else {
      out += is_topic_character(c) ? c : '_';
    }
  }
}

}  // namespace

std::string topic_name_fault(std::string_view name) {
  if (name.empty()) return "a topic needs a name";
  if (name == "." || name == "..") return "a topic cannot be called `" + std::string(name) + "`";
  if (name.size() > longest_name) return "a topic's name has at most 249 characters";
  const auto bad = std::find_if_not(name.begin(), name.end(), is_topic_character);
  if (bad == name.end()) return {};
  return "`" + std::string(name) + "` cannot be a topic: letters, digits, `.`, `_` and `-` only";
}

std::optional<TopicTemplate> TopicTemplate::parse(std::string_view text, std::string& fault) {
  static constexpr std::array<std::pair<std::string_view, Part>, 4> places{
      {{"provider", Part::provider}, {"source", Part::source}, {"type", Part::type}, {"connector", Part::connector}}};
  TopicTemplate made;
  made.text_ = text;
  std::string literals;
  while (!text.empty()) {
    const auto open = text.find('{');
    if (open != 0) {
      made.pieces_.push_back({Part::literal, std::string(text.substr(0, open))});
      literals += made.pieces_.back().text;
      text.remove_prefix(std::min(open, text.size()));
      continue;
    }
    const auto close = text.find('}');
    if (close == std::string_view::npos) {
      fault = "`" + made.text_ + "` has a `{` without its `}`";
      return std::nullopt;
    }
    const auto word = text.substr(1, close - 1);
    const auto* place = std::find_if(places.begin(), places.end(), [&](const auto& p) { return p.first == word; });
    if (place == places.end()) {
      fault = "unknown placeholder `{" + std::string(word) +
              "}`: a topic may hold {provider}, {source}, {type} and {connector}";
      return std::nullopt;
    }
    made.pieces_.push_back({place->second, {}});
    made.fixed_ = false;
    text.remove_prefix(close + 1);
  }
  fault =
      made.fixed_ || !literals.empty() ? topic_name_fault(made.fixed_ ? made.text_ : literals + "x") : std::string();
  if (!fault.empty()) return std::nullopt;
  return made;
}

void TopicTemplate::append_name(std::string& out, const event::Event& event) const {
  const auto start = out.size();
  std::string scratch;
  for (const auto& piece : pieces_) {
    switch (piece.part) {
      case Part::literal:
        out += piece.text;
        break;
      case Part::provider:
        append_folded(out, unescaped(event.provider_text(), scratch));
        break;
      case Part::source:
        append_folded(out, event.source);
        break;
      case Part::type:
        append_folded(out, unescaped(event.type_text(), scratch));
        break;
      case Part::connector:
        append_folded(out, *event.connector);
        break;
    }
  }
  if (out.size() - start > longest_name) out.resize(start + longest_name);
  const std::string_view name = std::string_view(out).substr(start);
  if (name == "." || name == "..") out.replace(start, std::string::npos, "_");
}

/// Each placeholder stands for one character or more, which may be any.
bool TopicTemplate::may_be(std::string_view name) const {
  std::size_t least = 0;  // characters before the next literal
  std::size_t at = 0;
  for (const auto& piece : pieces_) {
    if (piece.part != Part::literal) {
      ++least;
      continue;
    }
    const bool first = least == 0;
    const bool last = &piece == &pieces_.back();
    if (last && name.size() >= piece.text.size()) {
      const auto end = name.size() - piece.text.size();
      return name.ends_with(piece.text) && (first ? end == at : end >= at + least);
    }
    const auto found = name.find(piece.text, at + least);
    if (found == std::string_view::npos || (first && found != at)) return false;
    at = found + piece.text.size();
    least = 0;
  }
  return least == 0 ? at == name.size() : name.size() >= at + least;
}

std::string TopicTemplate::unknown_name() const {
  std::string name;
  for (const auto& piece : pieces_) name += piece.part == Part::literal ? piece.text : "unknown";
  return name.substr(0, longest_name);
}

TopicNames::TopicNames(TopicTemplate topic) : template_(std::move(topic)), unknown_(template_.unknown_name()) {}

std::string_view TopicNames::of(const event::Event& event) {
  if (template_.is_fixed()) return template_.text();
  if (event.type.size == 0) return unknown_;
  scratch_.clear();
  template_.append_name(scratch_, event);
  const auto found = names_.find(std::string_view(scratch_));
  if (found != names_.end()) return *found;
  if (names_.size() >= limit) return unknown_;
  return *names_.insert(scratch_).first;
}

}  // namespace tributary::sinks::kafka
