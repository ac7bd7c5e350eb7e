#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tributary::sinks {

/// What a sink's wire has noticed about the world. A closed list, so that each can be counted and logged together.
enum class Sign : std::uint8_t {
  down,           ///< no broker can be reached: records wait
  cannot_write,   ///< the disk is full, the reader has left, the folder is gone, …
  up,             ///< it works again
  refused,        ///< the downstream refuses our name or password
  tls_failed,     ///< the TLS handshake fails: certificate, host name or authority
  topic_found,    ///< a topic is there and may be written to, with its limit in the text
  topic_missing,  ///< a topic is not there (or hidden by an access list): its records wait
  topic_created,  ///< we made it
  topic_not_created,
  fatal,  ///< the producer is broken for good and is being rebuilt
  rebuilt,
  reopened,     ///< a file was opened anew after SIGUSR1 or rotated
  truncated,    ///< a torn line was cut off
  not_rotated,  ///< a file could not be moved aside: it grows on
  chatter,      ///< a line of the downstream's library, marked as such
  count
};
std::string_view name(Sign sign) noexcept;

enum class Urgency : std::uint8_t { debug, info, warning, error };

/// How the log line of a sign is to be read. WARNING: it will recover by itself. ERROR: a person must act.
Urgency urgency(Sign sign) noexcept;

struct News {
  Sign sign = Sign::chatter;
  Urgency urgency = Urgency::info;
  std::string_view subject;  ///< a topic, a path, …; may be empty. Lives during the call
  std::string_view text;     ///< in words; holds no secret. Lives during the call
};

/// Who is told. Made by the daemon, which logs and counts; outlives the sink. Must not call back into the sink.
/// Thread: the sink's.
class SinkObserver {
 public:
  virtual ~SinkObserver() = default;
  virtual void on_news(const News& news) = 0;
};

}  // namespace tributary::sinks
