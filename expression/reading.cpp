#include "expression/reading.hpp"

namespace tributary::expression {

bool Reading::look(const Level& level, const Step& step, simdjson::dom::element& value) {
  for (std::size_t i = 0; i < level.count; ++i) {
    if (level.likenesses[i] != step.likeness || level.members[i].name != step.name) continue;
    value = level.members[i].value;
    return true;
  }
  return level.count == Level::most && level.of.at_key(step.name).get(value) == simdjson::SUCCESS;
}

void Reading::fill(Level& level, simdjson::dom::element value) {
  level.read = level.there = true;
  level.of = value;
  if (!value.is_object()) return;
  for (const auto member : schema::members_of(value)) {
    level.likenesses[level.count] = likeness_of(member.key);
    level.members[level.count] = {member.key, member.value};
    if (++level.count == Level::most) return;
  }
}

const Reading::Level& Reading::top() {
  if (!top_.read) fill(top_, event_.root());
  return top_;
}

const Reading::Level& Reading::below(Level& level, const Step& name) {
  if (level.read) return level;
  simdjson::dom::element value;
  level.read = true;
  if (look(top(), name, value)) fill(level, value);
  return level;
}

bool Reading::find(const Path& path, simdjson::dom::element& value) {
  std::size_t done = 1;
  if (path.begin == Path::Begin::anywhere) {
    if (!look(top(), path.steps[0], value)) return false;
  } else {
    const Level& level = below(path.begin == Path::Begin::data ? data_ : relay_, path.steps[0]);
    if (look(level, path.steps[1], value)) {
      done = 2;
    } else if (level.there && level.count == 0) {  // not the object that it always is
      value = level.of;
    } else {
      return false;
    }
  }
  if (done == path.steps.size()) return true;
  const auto found = find_from(value, path, done);
  if (found) value = *found;
  return found.has_value();
}

}  // namespace tributary::expression
