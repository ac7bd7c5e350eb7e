#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/json/draft_writer.hpp"
#include "connectors/json/json_parts.hpp"
#include "connectors/json/json_text.hpp"
#include "connectors/link/envelope_reader.hpp"
#include "connectors/link/protocol.hpp"

namespace tributary::connectors::users {

/// One frame of a Users server → what it says. Both forms are read: `eventType` as a number or its digits, and the
/// newer `type` with a name. Owner: one protocol. Thread: its owner's. Failure: what is no JSON object is
/// FrameKind::malformed in the Outcome.
class Codec {
 public:
  enum class Said : std::uint8_t {
    malformed,  ///< told the Outcome
    event,      ///< told the Outcome: one draft or more
    echo,       ///< what somebody has said, see `message`: `tell_echo` tells the Outcome
    probe,      ///< the echo of somebody's probe, see `message`
    reply,      ///< to a question of the caller alone, which we never ask; or an error, see `message`
  };

  /// `connector`: the name, for relay.connector; `label`: the public name of the server.
  Codec(const std::string& connector, std::string label, const Settings& settings);

  Said read(std::string_view text, const event::Now& now, Outcome& outcome);
  /// The plain text of the probe or echo just read; of a reply, the words of its error, "" when it has none.
  const std::string& message() const { return message_; }
  /// The echo just read: the envelope of a relay, whatever comes of it, or content. True: content without a mark.
  bool tell_echo(const event::Now& now, Outcome& outcome);

  static constexpr std::size_t id_limit = 256;       ///< bytes of an upstream id; a longer one names nothing
  static constexpr std::size_t type_limit = 64;      ///< bytes of an upstream type that goes into `relay`
  static constexpr std::size_t files_limit = 1024;   ///< files of one frame that become events of their own
  static constexpr std::size_t shared_limit = 4096;  ///< bytes beside them, which each of these events repeats

 private:
  enum class Type : std::uint8_t {
    unknown,
    login,
    logout,
    activated,
    removed,
    file_uploaded,
    file_removed,
    bucket_uploaded,
    bucket_removed,
    meta_request,
    echo,
  };
  /// What all events of one frame share.
  struct Frame {
    const Object* object = nullptr;
    Type type = Type::unknown;
    std::string_view type_key;  ///< the member that says it
    std::string upstream_type;
  };
  /// Something that an event is about: a file or a bucket.
  struct Thing {
    std::string_view name;  ///< file, bucket: the member it is or was in; "": nothing
    Value value;
    bool apart = false;  ///< the frame's `files` are told of one by one
  };

  static Type numbered(const Value& value);
  static Type named(std::string_view name);
  static void classify(Frame& frame);
  Said malformed(std::string_view reason, std::string detail, Outcome& outcome) const;
  void unknown(const Frame& frame, const Value& whole, const event::Now& now, Outcome& outcome);
  void files(const Frame& frame, const event::Now& now, Outcome& outcome);
  void write(const Frame& frame, const Thing& thing, const event::Now& now, Outcome& outcome);

  std::string label_;
  JsonText json_;
  JsonParts parts_;
  DraftWriter writer_;
  EnvelopeReader envelopes_;
  Frame frame_;  ///< just read
  std::string message_;
};

/// Every canonical type there is, `unknown` too.
std::vector<std::string_view> canonical_types();

/// `tributary-probe-<24 hex digits>-<number>`: how every relay's probes look.
inline constexpr std::string_view probe_begin = "tributary-probe-";
bool is_probe(std::string_view message);

}  // namespace tributary::connectors::users
