#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "event/memory.hpp"

namespace tributary::spool {

/// What a record of a tail is in the file: bytes that stand for themselves. They hold the lane and the number too, so
/// that a row tells where it belongs when what is around it is damaged. Little-endian; the layout is of version 1:
///
///   8   checksum of all that follows
///   1   version · 1 letter (1) or event (0) · 1 event's kind · 1 flags
///   8   number
///   …   lane's stream · lane's key: each 4 bytes of length and its bytes
///   event:  4 hops · 8 created · 8 received (ms) · 8 sequence · 7 slices of 8 · source · connector · text
///   letter: reason · connector · value
///
/// Appends to `out`. The text of an event is at most 4 GiB, as its slices are.
void encode(std::string& out, const event::LaneName& lane, const event::TailRecord& record);

/// A row as read: the record, and where it belongs.
struct Row {
  event::LaneName lane;
  event::TailRecord record;
  bool notice = false;
};

/// Connectors' names, so that a thousand events share one. Bounded; owned by who decodes.
class ConnectorNames {
 public:
  std::shared_ptr<const std::string> of(std::string_view name);

 private:
  static constexpr std::size_t most = 1'000;
  std::map<std::string, std::shared_ptr<const std::string>, std::less<>> names_;
};

/// `now`: its `received_steady`, as a steady clock means nothing beyond its process. A word: why it is no row, e.g.
/// that its checksum is another. Whatever the bytes are, nothing else happens.
std::variant<Row, std::string_view> decode(std::string_view bytes, ConnectorNames& names, event::SteadyTime now);

/// The same text in static storage. After very many different ones: "other".
std::string_view interned(std::string_view text);

/// The dead letter `spool_corrupt` in place of a record that cannot be read any more: it says lane, number, and why,
/// and carries the bytes that are there.
std::shared_ptr<const event::DeadLetter> corrupt_letter(const event::LaneName& lane, std::uint64_t number,
                                                        std::string_view why, std::string_view bytes,
                                                        const event::Now& now);

}  // namespace tributary::spool
