#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "event/event.hpp"

namespace tributary::sinks::kafka {

/// How an event says what it is: as headers, as a JSON envelope around it, or not at all.
enum class CloudEvents : std::uint8_t { binary, structured, off };

struct Header {
  std::string_view name;
  std::string_view value;
};

/// One Kafka record, all of it views: into the event and into the Framer that made it.
struct Record {
  std::string_view key;
  std::string_view value;
  std::int64_t timestamp_ms = 0;
  bool clamped = false;        ///< timestamp_ms is not createdAt
  bool value_is_ours = false;  ///< value points into the Framer: it is gone at the next record
  std::array<Header, 8> headers{};
  std::size_t header_count = 0;

  /// Bytes of a record batch (format 2) with this record alone, uncompressed: what a topic's max.message.bytes bounds.
  std::size_t batch_size() const;
};

/// createdAt, kept within [receivedAt − 1 day, receivedAt + 5 min]: brokers refuse a whole batch for one record whose
/// time is too far off.
std::int64_t timestamp_of(event::WallTime created, event::WallTime received, bool& clamped);

/// Turns events into records, as docs/CONSUMING.md has them. Owned by one Producer; a record is good until the next
/// `frame`. Pure. Thread: its owner's.
class Framer {
 public:
  explicit Framer(CloudEvents mode) : mode_(mode) {}
  const Record& frame(const event::Event& event);
  const Record& frame(std::string_view dead_letter, std::string_view connector);

 private:
  void add_headers(const event::Event& event);
  void wrap(const event::Event& event);
  std::string_view source_of(const event::Event& event);

  CloudEvents mode_;
  Record record_;
  std::string source_, type_, id_, time_, envelope_;
  std::string last_key_;  ///< the key and source that `source_` was made from
  std::string_view last_source_;
};

/// A topic's name with `{provider}`, `{source}`, `{type}` and `{connector}` in it. A value.
class TopicTemplate {
 public:
  /// Nothing when it cannot be one; `fault` then says why.
  static std::optional<TopicTemplate> parse(std::string_view text, std::string& fault);

  /// Events are off: its text is empty.
  static TopicTemplate off() { return {}; }

  bool is_fixed() const { return fixed_; }
  const std::string& text() const { return text_; }  ///< the name itself when fixed
  /// Appends the name for this event: values lower-cased, each character outside `[a-z0-9._-]` one `_`.
  void append_name(std::string& out, const event::Event& event) const;
  /// The name with `unknown` in every place.
  std::string unknown_name() const;
  /// Is there an event for which this is the name?
  bool may_be(std::string_view name) const;

 private:
  enum class Part : std::uint8_t { literal, provider, source, type, connector };
  struct Piece {
    Part part = Part::literal;
    std::string text;
  };
  std::string text_;
  std::vector<Piece> pieces_;
  bool fixed_ = true;
};

/// Why this cannot be a topic's name; empty when it can.
std::string topic_name_fault(std::string_view name);

/// The names that one template has given, each with a stable address, at most 256; then the `unknown` one.
/// Owned by one Producer. Pure. Thread: its owner's.
class TopicNames {
 public:
  static constexpr std::size_t limit = 256;

  explicit TopicNames(TopicTemplate topic);
  /// Lives as long as this object.
  std::string_view of(const event::Event& event);

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
  };
  TopicTemplate template_;
  std::string unknown_;
  std::string scratch_;
  std::unordered_set<std::string, Hash, std::equal_to<>> names_;
};

/// JSON string content (without quotes) as plain UTF-8. Returns `escaped` itself when there is nothing to undo, else
/// a view into `scratch`. A lone surrogate becomes U+FFFD.
std::string_view unescaped(std::string_view escaped, std::string& scratch);

/// The percent-encoding of one path segment of a URI reference (RFC 3986): unreserved characters stay.
void append_percent_encoded(std::string& out, std::string_view segment);

}  // namespace tributary::sinks::kafka
