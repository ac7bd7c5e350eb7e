#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "connectors/link/settings.hpp"

namespace tributary::support {

/// The `config key: value` lines of one transcript that are not the runner's own, in order.
struct TranscriptConfig {
  std::vector<std::pair<std::string, std::string>> values;
  /// "" when the transcript does not say.
  std::string get(std::string_view key, std::string_view otherwise = "") const;
  /// The same as YAML text, one `key: value` per line, for a factory that reads settings through config/.
  std::string yaml() const;
};

/// Makes the protocol under test, named "main-stage" unless the config says `connector: …`. Throws
/// std::invalid_argument for a key it does not know: the transcript fails there.
using ProtocolFactory = std::function<std::unique_ptr<connectors::Protocol>(const TranscriptConfig&)>;

/// Makes the settings of the same keys, for `adopt` lines.
using SettingsFactory = std::function<std::unique_ptr<connectors::Settings>(const TranscriptConfig&)>;

/// Makes what goes with each message of a channel sink, from the config's keys that begin with `sink.` (which is taken
/// off). Without one nothing goes with it.
using AddressFactory = std::function<std::shared_ptr<const event::Address>(const TranscriptConfig&)>;

/// Plays one conversation against Session and a Protocol with a clock of its own, no socket, no thread. The language is
/// described in TRANSCRIPTS.md. Returns "" or what went wrong, each line beginning `file:line: `.
std::string play_transcript(const std::string& path, const ProtocolFactory& factory,
                            const SettingsFactory& settings = {}, const AddressFactory& address = {});
/// The same for a text at hand; `name` stands for the file in messages.
std::string play_transcript_text(std::string_view text, const std::string& name, const ProtocolFactory& factory,
                                 const SettingsFactory& settings = {}, const AddressFactory& address = {});

/// Registers one GoogleTest case per `*.transcript` of a directory (sorted), as `suite.<file name>`. Call it during
/// static initialisation: `const int registered = run_transcripts("Transcript", dir, factory);`. A directory without
/// transcripts registers one failing case. Returns how many were registered.
int run_transcripts(const std::string& suite, const std::string& directory, const ProtocolFactory& factory,
                    const SettingsFactory& settings = {}, const AddressFactory& address = {});

}  // namespace tributary::support
