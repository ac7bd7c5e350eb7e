#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::text {

// A JSON number exactly as it is written: any count of digits, any exponent. Used by the validator where int64 and
// double cannot tell (bounds, multipleOf, equality of large integers and long decimals). Nothing is ever written out to
// its full length: what an operation costs grows with the digits of the text, never with the exponent.
//
// Owner: anyone; a value. Thread: any.
// Failure: none; `text` must be a JSON number. Exponents beyond ±10^15 are held at that limit.
class Decimal {
 public:
  Decimal() = default;
  // From a number in JSON syntax, e.g. "-12.50e3".
  explicit Decimal(std::string_view text);
  explicit Decimal(std::int64_t value);
  explicit Decimal(std::uint64_t value);
  // The shortest decimal that reads back as this double, i.e. the sender's own text when it had at most 15 digits.
  explicit Decimal(double value);

  bool is_zero() const { return digits_.empty(); }
  bool is_integer() const { return exponent_ >= 0; }
  std::size_t significant_digits() const { return digits_.size(); }
  // The value where it is whole and fits.
  std::optional<std::int64_t> integer() const;

  // -1, 0 or 1 as *this is less than, equal to or greater than other.
  int compare(const Decimal& other) const;
  friend bool operator==(const Decimal& a, const Decimal& b) { return a.compare(b) == 0; }

  // True when *this / divisor is an integer. divisor is above zero and has at most 18 significant digits.
  bool is_multiple_of(const Decimal& divisor) const;

  // One text per value: 10, 10.0 and 1e1 all give "1e1".
  std::string canonical() const;
  // For people: 0.5, 1200, 1e400.
  std::string text() const;

 private:
  void normalise();

  // The value is ±digits × 10^exponent; digits have neither leading nor trailing zeros, and none at all for zero.
  std::string digits_;
  std::int64_t exponent_ = 0;
  bool negative_ = false;
};

}  // namespace tributary::text
