#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include "event/channel.hpp"

namespace tributary::connectors::stagecast {

/// To whom a channel sink speaks: the address or user id of its `to`. None: to everybody on the channel.
struct Recipient final : event::Address {
  explicit Recipient(std::string recipient) : to(std::move(recipient)) {}
  std::string to;
};

/// A message as the upstream takes it, or why it can never be said.
struct Publication {
  std::string frame;
  std::string_view refused = {};  ///< static storage; "": it may be said
};

/// One JSON value: text as a string, an envelope or an event as the object that it is. A broadcast whose object has
/// `token`, `email` and `password`, or `to` and `message` at its top would be taken as a login or as a direct message:
/// it is refused. Pure.
Publication publication_of(const event::Message& message, std::size_t nesting);

}  // namespace tributary::connectors::stagecast
