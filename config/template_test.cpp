#include <gmock/gmock.h>

#include "config/fixture.hpp"

namespace tributary::config {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

template <ChannelCommon::Speaks speaks>
struct Speaker : Described {
  ChannelCommon common{speaks};
  void describe(Fields& fields) override { common.describe(fields); }
};

std::vector<std::string> sink_faults(std::string_view sink) {
  const Vocabulary vocabulary{{},
                              {{"hall", "", "", make_settings<Speaker<ChannelCommon::Speaks::values>>},
                               {"chat", "", "", make_settings<Speaker<ChannelCommon::Speaks::chat>>}}};
  const auto text = "version: 1\nroutes: [{to: [s]}]\nsinks:\n  s: {connector: c, " + std::string(sink) + "}\n";
  return fixture::lines(load_text(text, "t.yaml", vocabulary).faults);
}

TEST(ChannelTemplate, that_cannot_be_right_is_refused_at_its_place) {
  EXPECT_THAT(sink_faults("type: chat, template: \"{data.displayName} tipped {amount}\""),
              ElementsAre("t.yaml:4:43: sinks.s.template: at character 28: no event has a field `amount`; did you mean "
                          "`data.amount`?"));
  EXPECT_THAT(
      sink_faults("type: hall, template: \"{data.a\""),
      ElementsAre("t.yaml:4:43: sinks.s.template: at character 1: the `{` here is not closed, expected a `}`; a "
                  "brace of the text's own is written `{{`"))
      << "also while `format` does not use it";
  EXPECT_THAT(sink_faults("type: chat, template: \"{data.displayName}: {data.message|nothing said}\""), IsEmpty());
  EXPECT_THAT(sink_faults("type: hall, format: text"), IsEmpty()) << "it has a default";
}

TEST(ChannelTemplate, of_a_chat_is_required_and_says_something) {
  EXPECT_EQ(sink_faults("type: chat").size(), 1U);
  EXPECT_EQ(sink_faults("type: chat, template: \"\"").size(), 1U);
  EXPECT_THAT(sink_faults("type: chat, template: \" \""),
              ElementsAre("t.yaml:4:43: sinks.s.template: at character 1: found an empty template, which would say "
                          "nothing; expected words and fields such as {data.displayName}"));
}

}  // namespace
}  // namespace tributary::config
