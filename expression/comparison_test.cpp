#include "expression/comparison.hpp"

#include <gtest/gtest.h>

#include <boost/multiprecision/cpp_int.hpp>
#include <random>

#include "expression/event_fixture.hpp"

namespace tributary::expression {
namespace {

using boost::multiprecision::cpp_int;

/// ±digits × 10^exponent, exactly, as a whole multiple of 10^-400.
cpp_int scaled(bool negative, const std::string& digits, int exponent) {
  cpp_int value(digits);
  for (int i = 0; i < exponent + 400; ++i) value *= 10;
  return negative ? -value : value;
}

struct Written {
  std::string text;
  cpp_int value;
};

/// One number in one of its ways of writing: with a point somewhere, with an exponent, with zeros behind.
Written random_number(std::mt19937& random) {
  const auto pick = [&random](int count) { return static_cast<int>(random() % static_cast<unsigned>(count)); };
  const int lengths[] = {1, 2, 3, 15, 16, 17, 18, 19, 20, 21, 40};
  const int length = lengths[pick(11)];
  std::string digits(1, static_cast<char>('1' + pick(9)));
  while (static_cast<int>(digits.size()) < length) digits += "0019"[pick(4)];
  const bool negative = pick(3) == 0;
  int exponent = 0;
  std::string text = digits;
  if (pick(2) == 0) {
    const int behind = pick(length + 1);
    const auto point = static_cast<std::size_t>(length - behind);
    text = (point == 0 ? "0" : digits.substr(0, point)) + "." + (behind == 0 ? "0" : digits.substr(point));
    exponent = -behind;
  }
  if (pick(3) == 0) {
    const int power = pick(5) == 0 ? pick(700) - 340 : pick(41) - 20;
    text += "e" + std::to_string(power);
    exponent += power;
  }
  if (exponent < -400) return random_number(random);
  return {(negative ? "-" : "") + text, scaled(negative, digits, exponent)};
}

/// The same number, or one whose last digit differs: a double may take the two for one.
Written near(const Written& number, std::mt19937& random) {
  if (random() % 2 == 0) return number;
  Written other = number;
  const auto mantissa_end = other.text.find('e');
  char& last = other.text[mantissa_end == std::string::npos ? other.text.size() - 1 : mantissa_end - 1];
  last = last == '9' ? '8' : static_cast<char>(last + 1);
  int exponent = mantissa_end == std::string::npos ? 0 : std::stoi(other.text.substr(mantissa_end + 1));
  std::string digits = other.text.substr(0, mantissa_end);
  if (const auto point = digits.find('.'); point != std::string::npos) {
    exponent -= static_cast<int>(digits.size() - point - 1);
    digits.erase(point, 1);
  }
  const bool negative = digits.front() == '-';
  digits.erase(0, std::min(digits.find_first_not_of("-0"), digits.size() - 1));
  if (exponent < -400) return number;
  other.value = scaled(negative, digits, exponent);
  return other;
}

TEST(Comparison, OfDecimalsIsExactHoweverTheyAreWritten) {
  std::mt19937 random(5);
  int equal = 0;
  for (int i = 0; i < 3'000; ++i) {
    const Written field = random_number(random);
    const Written other = i % 2 == 0 ? near(field, random) : random_number(random);
    const int order = field.value.compare(other.value);
    equal += order == 0 ? 1 : 0;
    std::string text = R"({"data":{"a":)" + field.text + R"(,"b":)" + other.text + "}}";
    text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
    schema::Document event;
    ASSERT_TRUE(event.read_padded(text));
    for (const auto& right : {other.text, std::string("data.b")}) {
      const auto is = [&](const char* sign) { return condition("data.a " + (sign + (" " + right))).holds(event); };
      ASSERT_EQ(is("=="), order == 0) << field.text << " and " << right;
      ASSERT_EQ(is("!="), order != 0) << field.text << " and " << right;
      ASSERT_EQ(is("<"), order < 0) << field.text << " and " << right;
      ASSERT_EQ(is("<="), order <= 0) << field.text << " and " << right;
      ASSERT_EQ(is(">"), order > 0) << field.text << " and " << right;
      ASSERT_EQ(is(">="), order >= 0) << field.text << " and " << right;
    }
  }
  EXPECT_GT(equal, 500);
}

TEST(Comparison, KnowsOneNumberInAllItsWritings) {
  for (const auto& [field, value] :
       std::vector<std::pair<std::string, std::string>>{{"5", "5.0"},
                                                        {"1e2", "100"},
                                                        {"100", "1E+2"},
                                                        {"4.20", "4.2"},
                                                        {"0", "-0"},
                                                        {"0.0", "0e9"},
                                                        {"12345678901234567890123", "12345678901234567890123.0"},
                                                        {"0.1", "1e-1"}}) {
    EXPECT_TRUE(holds("data.a == " + value, event_with("{\"a\":" + field + "}"))) << field << " " << value;
    EXPECT_FALSE(holds("data.a != " + value, event_with("{\"a\":" + field + "}"))) << field << " " << value;
  }
}

TEST(Comparison, KeepsApartWhatADoubleDoesNot) {
  for (const auto& [less, more] :
       std::vector<std::pair<std::string, std::string>>{{"0.3", "0.30000000000000001"},
                                                        {"9007199254740992", "9007199254740993"},
                                                        {"18446744073709551615", "18446744073709551616"},
                                                        {"9223372036854775807", "9223372036854775808"},
                                                        {"1e400", "1.1e400"},
                                                        {"1e-400", "2e-400"},
                                                        {"-9223372036854775809", "-9223372036854775808"}}) {
    EXPECT_TRUE(holds("data.a < " + more, event_with("{\"a\":" + less + "}"))) << less << " " << more;
    EXPECT_FALSE(holds("data.a == " + more, event_with("{\"a\":" + less + "}"))) << less << " " << more;
    EXPECT_TRUE(holds("data.a > " + less, event_with("{\"a\":" + more + "}"))) << less << " " << more;
  }
}

}  // namespace
}  // namespace tributary::expression
