#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/link/protocol.hpp"
#include "connectors/link/settings.hpp"
#include "event/channel.hpp"

namespace tributary::connectors {

/// What the events of one kind of upstream can be.
struct Types {
  std::vector<std::string_view> canonical;  ///< every `type` that its codec writes, from the codec's own table
  bool open = false;                        ///< it passes on types that this version does not know, as they are sent
  std::string_view state_key = {};          ///< the key that has it publish session state, where that is on; else ""
  /// Those of its types that are words anybody on the channel may say, and programs, too: such an event may be what
  /// this relay said, come round. Every kind of upstream on which something can be published has one.
  std::vector<std::string_view> spoken = {};
};

/// The channel sink that a kind of upstream offers: events go out on the connection of one of its connectors. In the
/// configuration its `type` is the upstream's name.
struct ChannelSink {
  std::string_view summary;       ///< one line for --help
  std::string_view example_name;  ///< what the reference calls its example, e.g. "hall-screen"
  /// Its part of the configuration at its defaults. Null: known, but `not yet`.
  std::unique_ptr<config::Described> (*settings)() = nullptr;
  /// What goes with each of its messages, from settings that were read and checked. Null: nothing.
  std::shared_ptr<const event::Address> (*address)(const config::Described& settings) = nullptr;
  /// The `relay.upstreamChannel` on which it speaks, as events that are heard there carry it.
  std::string (*channel)(const config::Described& sink, const Settings& connector,
                         const std::string& connector_name) = nullptr;
  /// Why it can never publish on that connector of its type, a sentence; "": it can. Null: it always can.
  std::string (*fault)(const config::Described& sink, const config::Described& connector) = nullptr;
};

/// One kind of upstream: everything the program knows of it. Each connector folder has a `factory.hpp` with
/// `Entry entry()`; the table is in registry.cpp, one line each. Nothing registers itself.
struct Entry {
  std::string_view name;          ///< `type:` in the configuration
  std::string_view summary;       ///< one line for --help
  std::string_view example_name;  ///< what the reference calls its example, e.g. "main-stage"
  /// Its part of the configuration at its defaults: a struct derived from `Settings`.
  std::unique_ptr<config::Described> (*settings)();
  Types (*types)(const Settings& settings);  ///< for `types:` of routes
  /// `settings` is what `settings()` made, read and checked; throws std::bad_cast when it is another kind's.
  std::unique_ptr<Protocol> (*protocol)(const std::string& connector_name,
                                        const std::shared_ptr<const Settings>& settings);
  /// The sink of the same name; null where nothing can be published.
  const ChannelSink* channel = nullptr;
  /// For `init`: what to change in its example, and where each secret in it is found. Lines of at most 110 characters.
  std::string_view first_steps = {};
  std::string_view first_settings = {};  ///< for `init`: lines of YAML beyond what is required
};

}  // namespace tributary::connectors
