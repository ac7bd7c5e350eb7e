#include "event/mark.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "event/id.hpp"
#include "text/hex.hpp"
#include "text/json.hpp"

namespace tributary::event {
namespace {

using Json = nlohmann::json;

constexpr std::size_t signature_digits = 64;

/// A name that is one line: the signature joins names by line ends.
bool one_line(std::string_view text, std::size_t limit) {
  return !text.empty() && text.size() <= limit && std::none_of(text.begin(), text.end(), [](char c) {
    return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
  });
}

bool is_signature(std::string_view text) {
  return text.size() == signature_digits &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// The plain text of a JSON string's content.
std::string plain(std::string_view inner) {
  if (inner.find('\\') == inner.npos) return std::string(inner);
  const Json text = Json::parse("\"" + std::string(inner) + "\"", nullptr, false);
  return text.is_string() ? text.get<std::string>() : std::string(inner);
}

/// Takes the members of an envelope as the parser tells them, and stops it at what no envelope has.
class EnvelopeSax final : public nlohmann::json_sax<Json> {
 public:
  bool null() override { return member_of_mark() && !known_; }
  bool boolean(bool) override { return member_of_mark() && !known_; }
  bool number_float(double, const std::string&) override { return member_of_mark() && !known_; }
  bool number_integer(std::int64_t) override { return member_of_mark() && !known_; }
  bool binary(Json::binary_t&) override { return false; }
  bool start_array(std::size_t) override { return false; }
  bool end_array() override { return false; }

  bool number_unsigned(std::uint64_t number) override {
    if (!member_of_mark()) return false;
    if (key_ == "v") {
      version_ = number;
      return number == Marks::version;
    }
    if (key_ != "hops") return !known_;
    if (number == 0 || number > hops_most) return false;
    envelope_.mark.hops = static_cast<std::uint32_t>(number);
    return true;
  }

  bool string(std::string& text) override {
    Mark& mark = envelope_.mark;
    if (depth_ == 1 && key_ == "event") return take(envelope_.event, text, true);
    if (!member_of_mark()) return false;
    if (key_ == "origin") return take(mark.origin, text, one_line(text, Marks::origin_limit));
    if (key_ == "id") return take(mark.id, text, one_line(text, Marks::id_limit));
    if (key_ == "kid") return take(mark.kid, text, one_line(text, Marks::kid_limit));
    if (key_ == "signature") return take(mark.signature, text, is_signature(text));
    if (key_ != "at") return !known_;
    const auto time = text::parse_time(text);
    if (!time || text::to_text(*time) != text) return false;
    mark.published = *time;
    return take(mark.at, text, true);
  }

  bool start_object(std::size_t) override {
    const bool expected = depth_ == 0 || (depth_ == 1 && key_ == "tributary");
    ++depth_;
    return expected;
  }
  bool end_object() override {
    --depth_;
    return true;
  }

  bool key(std::string& name) override {
    static constexpr std::array<std::string_view, 9> names = {"tributary", "event", "v",   "origin",   "id",
                                                              "hops",      "at",    "kid", "signature"};
    const auto found = std::find(names.begin(), names.end(), name);
    const auto index = static_cast<unsigned>(found - names.begin());
    known_ = found != names.end() && (depth_ == 1) == (index < 2);
    key_ = known_ ? *found : std::string_view("");
    if (!known_) return depth_ == 2;
    return !(std::exchange(seen_, seen_ | 1U << index) & 1U << index);
  }

  bool parse_error(std::size_t, const std::string&, const Json::exception&) override {
    not_json_ = true;
    return false;
  }

  /// All members that must be there.
  bool complete() const { return (seen_ & 0x7FU) == 0x7FU; }
  std::string_view fault() const {
    if (not_json_) return "not_json";
    return version_ > Marks::version ? "version" : "wrong_shape";
  }
  Envelope& envelope() { return envelope_; }

 private:
  static constexpr std::uint64_t hops_most = 1'000'000;

  bool member_of_mark() const { return depth_ == 2; }
  static bool take(std::string& member, std::string& text, bool good) {
    if (good) member = std::move(text);
    return good;
  }

  Envelope envelope_;
  std::string_view key_;  ///< the one being read; "": one that is not ours
  bool known_ = false;
  bool not_json_ = false;
  unsigned depth_ = 0;
  unsigned seen_ = 0;  ///< a bit for each name
  std::uint64_t version_ = 0;
};

}  // namespace

bool may_be_envelope(std::string_view text) {
  const auto first = text.find_first_not_of(" \t\r\n");
  return first != text.npos && text[first] == '{' && text.find("tributary") != text.npos;
}

std::variant<Envelope, NoEnvelope> read_envelope(std::string_view json) {
  EnvelopeSax sax;
  const bool whole = Json::sax_parse(json, &sax);
  if (!whole || !sax.complete()) return NoEnvelope{sax.fault()};
  return std::move(sax.envelope());
}

std::string written(const Envelope& envelope) {
  const Mark& mark = envelope.mark;
  std::string out;
  out.reserve(envelope.event.size() * 9 / 8 + 384);
  out += "{\"tributary\":{\"v\":";
  text::append_number(out, std::uint64_t{Marks::version});
  out += ",\"origin\":";
  text::append_quoted(out, mark.origin);
  out += ",\"id\":";
  text::append_quoted(out, mark.id);
  out += ",\"hops\":";
  text::append_number(out, std::uint64_t{mark.hops});
  out += ",\"at\":";
  text::append_quoted(out, mark.at);
  if (!mark.kid.empty()) {
    out += ",\"kid\":";
    text::append_quoted(out, mark.kid);
  }
  if (!mark.signature.empty()) {
    out += ",\"signature\":";
    text::append_quoted(out, mark.signature);
  }
  out += "},\"event\":";
  text::append_quoted(out, envelope.event);
  return out += '}';
}

std::string signature_of(const Envelope& envelope, std::string_view key) {
  const Mark& mark = envelope.mark;
  std::string said = std::to_string(Marks::version);
  for (const std::string& part :
       {mark.origin, mark.id, std::to_string(mark.hops), mark.at, sha256_hex(envelope.event)}) {
    said.append("\n").append(part);
  }
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(said.data()),
       said.size(), digest.data(), &size);
  return text::hex(std::span(digest).first(size));
}

Marks::Judgement Marks::judge(const Envelope& envelope, WallTime now) const {
  const Mark& mark = envelope.mark;
  if (mark.origin == settings_.instance) return {Standing::own};
  bool origin = false, kid = false, verified = false;
  for (const TrustedKey& known : settings_.trusted) {
    if (known.origin != mark.origin) continue;
    origin = true;
    if (!known.kid.empty() && known.kid != mark.kid) continue;
    kid = true;
    const std::string right = signature_of(envelope, known.key);
    verified |=
        mark.signature.size() == right.size() && CRYPTO_memcmp(mark.signature.data(), right.data(), right.size()) == 0;
  }
  if (!origin) return {Standing::foreign, "unknown_origin"};
  if (mark.signature.empty()) return {Standing::foreign, "unsigned"};
  if (!kid) return {Standing::foreign, "unknown_kid"};
  if (!verified) return {Standing::foreign, "wrong_signature"};
  const auto age = now - mark.published;
  if (age > lifetime || age < -lifetime) return {Standing::foreign, "expired"};
  return {Standing::trusted};
}

std::string Marks::envelope(std::string_view id, std::uint32_t hops, std::string_view event, WallTime now) const {
  Envelope made;
  made.mark.origin = settings_.instance;
  made.mark.id = plain(id);
  made.mark.hops = hops + 1;
  made.mark.at = text::to_text(now);
  made.event = event;
  if (!settings_.signing_key.empty()) {
    made.mark.kid = settings_.kid;
    made.mark.signature = signature_of(made, settings_.signing_key);
  }
  return written(made);
}

}  // namespace tributary::event
