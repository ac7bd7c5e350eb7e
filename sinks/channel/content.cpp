#include "sinks/channel/content.hpp"

#include <utility>

namespace tributary::sinks::channel {

Content envelopes(std::shared_ptr<const event::MarkHolder> marks) {
  return [marks = std::move(marks)](const event::Event& event, const event::Now& now) {
    return marks->current()->envelope(event, now.wall);
  };
}

Content events() {
  return [](const event::Event& event, const event::Now&) { return std::string(event.json_text()); };
}

Content sentences(expression::Template words) {
  return
      [words = std::move(words)](const event::Event& event, const event::Now&) { return words.of(event.json_text()); };
}

}  // namespace tributary::sinks::channel
