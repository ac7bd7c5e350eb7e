#include "spool/row.hpp"

#include <algorithm>
#include <array>
#include <mutex>
#include <set>
#include <utility>

#include "event/id.hpp"
#include "event/source_name.hpp"
#include "spool/checksum.hpp"
#include "text/base64.hpp"
#include "text/json.hpp"
#include "text/time.hpp"

namespace tributary::spool {
namespace {

constexpr std::uint8_t row_version = 1;
constexpr std::size_t checksum_size = 8;
constexpr std::size_t letter_frame_limit = 64u << 10;

enum Flag : std::uint8_t { marked = 1, test = 2, update = 4, foreign_mark = 8, all_flags = 15 };

constexpr std::array slices{&event::Event::json,      &event::Event::key,  &event::Event::upstream_channel,
                            &event::Event::id,        &event::Event::type, &event::Event::provider,
                            &event::Event::created_at};

template <class Number>
void put(std::string& out, Number number) {
  std::array<char, sizeof(Number)> bytes{};
  auto value = static_cast<std::uint64_t>(number);
  for (char& byte : bytes) byte = static_cast<char>(value & 0xFFU), value >>= 8U;
  out.append(bytes.data(), bytes.size());
}

void put(std::string& out, std::string_view text) {
  put(out, static_cast<std::uint32_t>(text.size()));
  out += text;
}

/// Reads what `put` wrote; after the first thing that is missing, zeros and `bad`.
class Reading {
 public:
  explicit Reading(std::string_view bytes) : bytes_(bytes) {}
  template <class Number>
  Number number() {
    std::uint64_t value = 0;
    const auto bytes = take(sizeof(Number));
    for (std::size_t i = bytes.size(); i > 0; --i) value = value << 8U | static_cast<unsigned char>(bytes[i - 1]);
    return static_cast<Number>(value);
  }
  std::string_view text() { return take(number<std::uint32_t>()); }
  void expect(bool condition) { bad_ |= !condition; }
  bool whole() const { return !bad_ && at_ == bytes_.size(); }

 private:
  std::string_view take(std::size_t size) {
    expect(size <= bytes_.size() - at_);
    if (bad_) return {};
    return bytes_.substr(std::exchange(at_, at_ + size), size);
  }
  std::string_view bytes_;
  std::size_t at_ = 0;
  bool bad_ = false;
};

void encode_event(std::string& out, const event::Event& event) {
  put(out, event.hops);
  put(out, event.created.time_since_epoch().count());
  put(out, event.received.time_since_epoch().count());
  put(out, event.sequence);
  for (const auto slice : slices) put(out, (event.*slice).offset), put(out, (event.*slice).size);
  put(out, event.source);
  put(out, std::string_view(*event.connector));
  put(out, std::string_view(event.text));
}

std::string_view source_of(std::string_view text) {
  const auto known = event::source_name(text);
  return known ? *known : interned(text);
}

std::shared_ptr<event::Event> decode_event(Reading& from, ConnectorNames& names) {
  auto event = std::make_shared<event::Event>();
  event->hops = from.number<std::uint32_t>();
  event->created = event::WallTime(std::chrono::milliseconds(from.number<std::int64_t>()));
  event->received = event::WallTime(std::chrono::milliseconds(from.number<std::int64_t>()));
  event->sequence = from.number<std::uint64_t>();
  for (const auto slice : slices) {
    const auto offset = from.number<std::uint32_t>();
    (*event).*slice = {offset, from.number<std::uint32_t>()};
  }
  event->source = source_of(from.text());
  event->connector = names.of(from.text());
  event->text = from.text();
  for (const auto slice : slices) {
    const auto& part = (*event).*slice;
    from.expect(part.offset <= event->text.size() && part.size <= event->text.size() - part.offset);
  }
  return event;
}

void member(std::string& out, std::string_view name, std::string_view text) {
  out += ",\"";
  out += name;
  out += "\":";
  text::append_quoted(out, text);
}

}  // namespace

void encode(std::string& out, const event::LaneName& lane, const event::TailRecord& record) {
  const std::size_t start = out.size();
  out.reserve(start + 256 + (record.event ? record.event->text.size() : record.letter->value.size()));
  out.append(checksum_size, '\0');
  const bool letter = record.event == nullptr;
  std::uint8_t flags = 0;
  if (!letter) {
    const auto& event = *record.event;
    flags = static_cast<std::uint8_t>((event.marked ? marked : 0) | (event.test ? test : 0) |
                                      (event.update ? update : 0) | (event.foreign_mark ? foreign_mark : 0));
  }
  put(out, row_version);
  put(out, static_cast<std::uint8_t>(letter ? 1 : 0));
  put(out, static_cast<std::uint8_t>(letter ? event::Kind::activity : record.event->kind));
  put(out, flags);
  put(out, record.number);
  put(out, std::string_view(lane.stream));
  put(out, std::string_view(lane.key));
  if (letter) {
    put(out, record.letter->reason);
    put(out, std::string_view(*record.letter->connector));
    put(out, std::string_view(record.letter->value));
  } else {
    encode_event(out, *record.event);
  }
  std::string sum;
  put(sum, checksum(std::string_view(out).substr(start + checksum_size)));
  out.replace(start, checksum_size, sum);
}

std::shared_ptr<const std::string> ConnectorNames::of(std::string_view name) {
  const auto known = names_.find(name);
  if (known != names_.end()) return known->second;
  auto made = std::make_shared<const std::string>(name);
  if (names_.size() < most) names_.emplace(name, made);
  return made;
}

std::variant<Row, std::string_view> decode(std::string_view bytes, ConnectorNames& names, event::SteadyTime now) {
  if (bytes.size() < checksum_size) return "it is shorter than any record";
  Reading sum(bytes.substr(0, checksum_size));
  bytes.remove_prefix(checksum_size);
  if (sum.number<std::uint64_t>() != checksum(bytes)) return "its checksum is not that of its bytes";
  Reading from(bytes);
  if (from.number<std::uint8_t>() != row_version) return "it is of another version";
  Row row;
  const auto letter = from.number<std::uint8_t>();
  const auto kind = from.number<std::uint8_t>();
  const auto flags = from.number<std::uint8_t>();
  from.expect(letter <= 1 && kind <= static_cast<std::uint8_t>(event::Kind::notice) && flags <= all_flags);
  row.record.number = from.number<std::uint64_t>();
  row.lane.stream = from.text();
  row.lane.key = from.text();
  if (letter == 1) {
    auto made = std::make_shared<event::DeadLetter>();
    made->reason = interned(from.text());
    made->connector = names.of(from.text());
    made->value = from.text();
    made->received_steady = now;
    row.record.letter = std::move(made);
  } else {
    auto event = decode_event(from, names);
    event->kind = static_cast<event::Kind>(kind);
    event->marked = (flags & marked) != 0;
    event->test = (flags & test) != 0;
    event->update = (flags & update) != 0;
    event->foreign_mark = (flags & foreign_mark) != 0;
    event->received_steady = now;
    row.notice = event->kind == event::Kind::notice;
    row.record.event = std::move(event);
  }
  if (!from.whole()) return "its parts do not fit together";
  return row;
}

std::string_view interned(std::string_view text) {
  constexpr std::size_t texts_limit = 1'000, text_limit = 64;
  static std::mutex mutex;
  static std::set<std::string, std::less<>> texts;
  if (text.size() > text_limit) return "other";
  const std::lock_guard lock(mutex);
  auto known = texts.find(text);
  if (known == texts.end()) {
    if (texts.size() >= texts_limit) return "other";
    known = texts.emplace(text).first;
  }
  return *known;
}

std::shared_ptr<const event::DeadLetter> corrupt_letter(const event::LaneName& lane, std::uint64_t number,
                                                        std::string_view why, std::string_view bytes,
                                                        const event::Now& now) {
  auto letter = std::make_shared<event::DeadLetter>();
  letter->reason = "spool_corrupt";
  letter->connector = std::make_shared<const std::string>("unknown");
  letter->received_steady = now.steady;
  std::string message = "record " + std::to_string(number) + " of stream ";
  message += lane.stream + ", key " + lane.key + ", was kept on disk and cannot be read any more: ";
  message += why;
  auto& value = letter->value;
  value = R"({"reason":"spool_corrupt","violations":[{"path":"","keyword":"spool_corrupt","message":)";
  text::append_quoted(value, message);
  value += "}]";
  member(value, "connector", *letter->connector);
  member(value, "source", std::string_view(lane.key).substr(0, lane.key.find(':')));
  member(value, "receivedAt", text::to_text(now.wall));
  member(value, "frameBase64", text::base64(bytes.substr(0, letter_frame_limit)));
  value += ",\"frameSize\":";
  text::append_number(value, std::uint64_t{bytes.size()});
  member(value, "frameSha256", event::sha256_hex(bytes));
  value += '}';
  return letter;
}

}  // namespace tributary::spool
