#pragma once

#include <string_view>

#include "connectors/link/conversation.hpp"

namespace tributary::connectors {

/// A transport for tests that takes everything and does nothing; a test overrides what it wants to see.
struct IdleTransport : Transport {
  void prepare() override {}
  void connect(net::DialTarget) override {}
  bool send(std::string_view, bool) override { return true; }
  bool room() override { return true; }
  void post(Post) override {}
  void ping() override {}
  void close(const net::Ending&) override {}
  void abort(const net::Ending&) override {}
  void drop() override {}
  void pause_reading(bool) override {}
  void await_room() override {}
  void stopped() override {}
  void fetch(net::HttpRequest) override {}
};

}  // namespace tributary::connectors
