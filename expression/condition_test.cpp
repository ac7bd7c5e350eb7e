#include "expression/condition.hpp"

#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "expression/event_fixture.hpp"

namespace tributary::expression {
namespace {

TEST(Condition, ComparesFieldsWithWhatIsWritten) {
  for (const auto* text :
       {"data.amount >= 5", "data.amount == 5", "5.0 == data.amount", "data.amount < 5.01", "data.currency == \"USD\"",
        "data.currency == 'USD'", "relay.connector != 'hall'", "type == 'tip'", "flagged == false",
        "data.gifted == true", "data.nothing == null", "relay.sequence <= 7", "data.items.0.name == 'cup'",
        R"(data.items.1.name == "\"hat\"")", "data.\"a b\".0 == 'zero'", "data.'a b'.\"0\" == 'zero'",
        "createdAt >= '2026-10-01'", "data.message == ''", "data.username != data.currency"}) {
    EXPECT_TRUE(holds(text)) << text;
  }
  for (const auto* text : {"data.amount > 5", "data.currency == 'EUR'", "relay.connector != 'stage'", "type < 'tip'",
                           "data.items.1.name == 'cup'", "flagged != false", "data.amount == relay.sequence"}) {
    EXPECT_FALSE(holds(text)) << text;
  }
}

TEST(Condition, TextsAreComparedByTheirCharactersNotByWhatTheyWouldBeAsNumbers) {
  const auto event = event_with(R"({"amount":"10","word":"\u00e4"})");
  EXPECT_TRUE(holds("data.amount < '9'", event));
  EXPECT_TRUE(holds("data.word > 'z'", event));
  EXPECT_TRUE(holds(R"(data.word == "\u00E4")", event));
}

TEST(Condition, NoComparisonHoldsWithAFieldThatIsNotThere) {
  for (const auto* field : {"data.gone", "data.items.2.name", "data.items.name", "data.amount.deeper", "data.items",
                            "data.\"a b\"", "data.items.01.name", "updatedAt", "relay.hops", "expiresAt"}) {
    for (const auto* sign : {"==", "!=", "<", "<=", ">", ">="}) {
      for (const auto* value : {"5", "'x'", "true", "null", "data.amount"}) {
        const auto text = std::string(field) + " " + sign + " " + value;
        if (!condition_fault(text).empty()) continue;  // it can never hold
        EXPECT_FALSE(holds(text)) << text;
      }
    }
  }
  EXPECT_TRUE(holds("not data.gone == 5"));
  EXPECT_FALSE(holds("data.gone == data.gone"));
}

TEST(Condition, ValuesOfDifferentKindsAreUnequalAndInNoOrder) {
  const auto event = event_with(R"({"number":5,"text":"5","yes":true,"null":null})");
  const std::vector<std::string> fields{"data.number", "data.text", "data.yes", "data.null"};
  for (const auto& one : fields) {
    for (const auto& other : fields) {
      const bool same = one == other;
      EXPECT_EQ(holds(one + " == " + other, event), same);
      EXPECT_EQ(holds(one + " != " + other, event), !same);
      const bool ordered = same && (one == "data.number" || one == "data.text");
      for (const auto* sign : {"<=", ">="}) EXPECT_EQ(holds(one + " " + sign + " " + other, event), ordered);
      for (const auto* sign : {"<", ">"}) EXPECT_FALSE(holds(one + " " + sign + " " + other, event));
    }
  }
  EXPECT_FALSE(holds("data.text == 5", event)) << "a numeric string is no number";
}

TEST(Condition, AFlagThatIsAbsentIsFalse) {
  const auto with = [](std::string_view relay) {
    return R"({"type":"tip","data":{},"relay":{)" + std::string(relay) + "}}";
  };
  for (const std::string flag : {"test", "update", "backfilled"}) {
    for (const auto& name : {flag, "relay." + flag}) {
      EXPECT_TRUE(holds(name + " == false", with("")));
      EXPECT_TRUE(holds(name + " != true", with("")));
      EXPECT_FALSE(holds(name + " == true", with("")));
      EXPECT_TRUE(holds(name + " == true", with("\"" + flag + "\":true")));
      EXPECT_FALSE(holds(name + " == false", with("\"" + flag + "\":true")));
    }
  }
  EXPECT_TRUE(holds("test == false", "{}"));
}

TEST(Condition, NotBindsBeforeAndBeforeOr) {
  const std::string yes = "type == 'tip'", no = "type == 'raid'";
  EXPECT_TRUE(holds(yes + " or " + yes + " and " + no));
  EXPECT_FALSE(holds("(" + yes + " or " + yes + ") and " + no));
  EXPECT_TRUE(holds("not " + no + " and " + yes));
  EXPECT_FALSE(holds("not (" + no + " or " + yes + ")"));
  EXPECT_TRUE(holds("not not " + yes));
  EXPECT_TRUE(holds(no + "\n  or\t" + yes));
  EXPECT_TRUE(holds("(((" + yes + ")))and(" + yes + ")"));
}

TEST(Condition, HasOneWayOfWriting) {
  EXPECT_EQ(condition("data.amount>=5.0 and(test==false)").text(), "data.amount >= 5.0 and relay.test == false");
  EXPECT_EQ(condition("not not not type=='a'").text(), "not type == \"a\"");
  EXPECT_EQ(condition("not (type == 'a' or type == 'b')").text(), "not (type == \"a\" or type == \"b\")");
  EXPECT_EQ(condition("(type == 'a' and type == 'b') or type == 'c'").text(),
            "type == \"a\" and type == \"b\" or type == \"c\"");
  EXPECT_EQ(condition("(type == 'a' or type == 'b') and type == 'c'").text(),
            "(type == \"a\" or type == \"b\") and type == \"c\"");
  EXPECT_EQ(condition("data.'x'.'y z'.0.'0' != \"\\u0009'\"").text(), R"(data.x."y z".0."0" != "\t'")");
}

/// A condition, and what it must answer: made together, the answer without any of what is tested.
struct Known {
  std::string text;
  bool answer;
};

Known random_condition(std::mt19937& random, int depth) {
  const auto pick = [&random](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  if (depth == 0 || pick(4) == 0) {
    const bool answer = pick(2) == 0;
    static const std::vector<std::string> so{"type == 'tip'", "data.amount > 4.99", "update == false"};
    static const std::vector<std::string> not_so{"data.gone != 1", "data.amount != 5", "data.currency <= \"U\""};
    return {(answer ? so : not_so)[static_cast<std::size_t>(pick(3))], answer};
  }
  const Known one = random_condition(random, depth - 1);
  const auto braced = [](const std::string& text) { return "(" + text + ")"; };
  if (pick(3) == 0) return {"not " + braced(one.text), !one.answer};
  const Known other = random_condition(random, depth - 1);
  const bool both = pick(2) == 0;
  return {braced(one.text) + (both ? " and " : " or ") + braced(other.text),
          both ? one.answer && other.answer : one.answer || other.answer};
}

TEST(Condition, AnswersAsItsPartsDoAndIsTheSameWhenItIsWrittenAndReadAgain) {
  std::mt19937 random(12);
  int held = 0;
  for (int i = 0; i < 1'000; ++i) {
    const Known known = random_condition(random, 1 + i % 6);
    const std::string written = condition(known.text).text();
    ASSERT_EQ(holds(known.text), known.answer) << known.text;
    ASSERT_EQ(condition(written).text(), written) << known.text;
    ASSERT_EQ(holds(written), known.answer) << written;
    held += known.answer ? 1 : 0;
  }
  EXPECT_GT(held, 250);
  EXPECT_LT(held, 750);
}

}  // namespace
}  // namespace tributary::expression
