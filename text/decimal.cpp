#include "text/decimal.hpp"

#include <array>
#include <charconv>

namespace tributary::text {
namespace {

constexpr std::int64_t kExponentLimit = 1'000'000'000'000'000;

__extension__ using Wide = unsigned __int128;  // a product of two 64-bit numbers

template <class Number>
std::string text_of(Number value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  return {buffer.data(), end};
}

// With an exponent: without one, a large double would be written with the digits of its binary value.
std::string shortest_of(double value) {
  std::array<char, 32> buffer{};
  const auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  return {buffer.data(), end};
}

std::uint64_t multiply(std::uint64_t a, std::uint64_t b, std::uint64_t modulus) {
  return static_cast<std::uint64_t>(static_cast<Wide>(a) * b % modulus);
}

// 10^exponent mod modulus, in log(exponent) steps.
std::uint64_t power_of_ten(std::uint64_t exponent, std::uint64_t modulus) {
  std::uint64_t result = 1 % modulus;
  for (std::uint64_t base = 10 % modulus; exponent != 0; exponent >>= 1U) {
    if ((exponent & 1U) != 0) result = multiply(result, base, modulus);
    base = multiply(base, base, modulus);
  }
  return result;
}

std::int64_t read_exponent(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative || text.starts_with('+')) text.remove_prefix(1);
  std::int64_t value = 0;
  for (const char digit : text) {
    value = value * 10 + (digit - '0');
    if (value > kExponentLimit) value = kExponentLimit;
  }
  return negative ? -value : value;
}

}  // namespace

Decimal::Decimal(std::string_view text) {
  if (text.starts_with('-')) {
    negative_ = true;
    text.remove_prefix(1);
  }
  const auto mark = text.find_first_of("eE");
  const std::string_view mantissa = text.substr(0, mark);
  if (mark != std::string_view::npos) exponent_ = read_exponent(text.substr(mark + 1));
  digits_.reserve(mantissa.size());
  bool fraction = false;
  for (const char c : mantissa) {
    if (c == '.') {
      fraction = true;
      continue;
    }
    digits_ += c;
    if (fraction) --exponent_;
  }
  normalise();
}

Decimal::Decimal(std::int64_t value) : Decimal(std::string_view(text_of(value))) {}
Decimal::Decimal(std::uint64_t value) : Decimal(std::string_view(text_of(value))) {}
Decimal::Decimal(double value) : Decimal(std::string_view(shortest_of(value))) {}

void Decimal::normalise() {
  digits_.erase(0, digits_.find_first_not_of('0'));
  while (!digits_.empty() && digits_.back() == '0') {
    digits_.pop_back();
    ++exponent_;
  }
  if (digits_.empty()) {
    exponent_ = 0;
    negative_ = false;
  }
}

std::optional<std::int64_t> Decimal::integer() const {
  constexpr std::int64_t kMostDigits = 19;  // of an int64
  if (is_zero()) return 0;
  if (exponent_ < 0 || exponent_ + static_cast<std::int64_t>(digits_.size()) > kMostDigits) return std::nullopt;
  const std::string written = (negative_ ? "-" : "") + digits_ + std::string(static_cast<std::size_t>(exponent_), '0');
  std::int64_t value = 0;
  const auto read = std::from_chars(written.data(), written.data() + written.size(), value);
  return read.ec == std::errc() ? std::optional(value) : std::nullopt;
}

int Decimal::compare(const Decimal& other) const {
  if (is_zero() || other.is_zero() || negative_ != other.negative_) {
    const auto sign = [](const Decimal& d) { return d.is_zero() ? 0 : d.negative_ ? -1 : 1; };
    return (sign(*this) > sign(other)) - (sign(*this) < sign(other));
  }
  const int larger = negative_ ? -1 : 1;
  const auto magnitude = [](const Decimal& d) { return d.exponent_ + static_cast<std::int64_t>(d.digits_.size()); };
  if (magnitude(*this) != magnitude(other)) return magnitude(*this) > magnitude(other) ? larger : -larger;
  const int order = digits_.compare(other.digits_);  // same magnitude: aligned at the first digit
  return order == 0 ? 0 : order > 0 ? larger : -larger;
}

bool Decimal::is_multiple_of(const Decimal& divisor) const {
  if (is_zero()) return true;
  // Neither mantissa ends in a zero, so a quotient with a negative power of ten left cannot be whole.
  if (exponent_ < divisor.exponent_) return false;
  std::uint64_t modulus = 0;
  for (const char digit : divisor.digits_) modulus = modulus * 10 + static_cast<std::uint64_t>(digit - '0');
  if (modulus == 0) return false;  // no schema has it: the metaschema wants it above zero
  std::uint64_t rest = 0;
  for (const char digit : digits_) {
    rest = static_cast<std::uint64_t>((static_cast<Wide>(rest) * 10 + static_cast<Wide>(digit - '0')) % modulus);
  }
  const auto shift = static_cast<std::uint64_t>(exponent_ - divisor.exponent_);
  return multiply(rest, power_of_ten(shift, modulus), modulus) == 0;
}

std::string Decimal::canonical() const {
  if (is_zero()) return "0";
  return (negative_ ? "-" : "") + digits_ + 'e' + std::to_string(exponent_);
}

std::string Decimal::text() const {
  const auto size = static_cast<std::int64_t>(digits_.size());
  std::string digits = digits_;
  if (is_zero() || exponent_ > 30 || exponent_ < -30) return canonical();
  if (exponent_ >= 0) {
    digits.append(static_cast<std::size_t>(exponent_), '0');
  } else {
    if (size <= -exponent_) digits.insert(0, static_cast<std::size_t>(1 - exponent_ - size), '0');
    digits.insert(digits.size() - static_cast<std::size_t>(-exponent_), ".");
  }
  return (negative_ ? "-" : "") + digits;
}

}  // namespace tributary::text
