#include "daemon/channel_sink.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <variant>
#include <vector>

#include "connectors/link/channel_settings.hpp"
#include "connectors/registry.hpp"
#include "daemon/reporters.hpp"

namespace tributary::daemon {
namespace {

event::Form form_of(config::ChannelFormat format) {
  switch (format) {
    case config::ChannelFormat::envelope:
      return event::Form::envelope;
    case config::ChannelFormat::event:
      return event::Form::event;
    case config::ChannelFormat::text:
      return event::Form::text;
  }
  return event::Form::text;
}

/// Is it words that somebody said on a channel? Only such can be ours, come round.
bool is_spoken(const event::Event& event) {
  static const auto spoken = [] {
    std::map<std::string_view, std::vector<std::string_view>> all;
    for (const auto& entry : connectors::registry()) {
      const auto settings = entry.settings();
      all[entry.name] = entry.types(dynamic_cast<const connectors::Settings&>(*settings)).spoken;
    }
    return all;
  }();
  const auto types = spoken.find(event.source);
  return types != spoken.end() &&
         std::find(types->second.begin(), types->second.end(), event.type_text()) != types->second.end();
}

}  // namespace

sinks::channel::Content content_of(const config::ChannelCommon& common,
                                   const std::shared_ptr<const event::MarkHolder>& marks) {
  switch (common.format) {
    case config::ChannelFormat::envelope:
      return sinks::channel::envelopes(marks);
    case config::ChannelFormat::event:
      return sinks::channel::events();
    case config::ChannelFormat::text:
      break;
  }
  return sinks::channel::sentences(std::get<expression::Template>(expression::Template::parse(common.words)));
}

relay::Target channel_target(const config::NamedSettings& sink, const config::NamedSettings& connector) {
  const auto& entry = *connectors::find(connector.type);
  relay::Target target;
  target.pauses = false;
  target.connector = connector.name;
  target.source = entry.name;
  if (entry.channel->channel != nullptr) {
    target.channel = entry.channel->channel(*sink.settings, connector.as<connectors::Settings>(), connector.name);
  }
  return target;
}

ChannelSinkParts make_channel_sink(const config::NamedSettings& sink, const config::NamedSettings& connector,
                                   const std::shared_ptr<const event::MarkHolder>& marks, Telemetry& telemetry) {
  const auto& common = *sink.settings->channel();
  const auto& entry = *connectors::find(connector.type);
  const auto& kind = *entry.channel;
  sinks::channel::OutletSettings settings;
  settings.name = sink.name;
  settings.connector = connector.name;
  settings.queue.memory = common.memory.bytes;
  settings.queue.max_age = common.max_age;
  settings.queue.rate = {common.rate.per_second, common.rate.burst};
  settings.queue.breaker = {common.breaker.echo_share, common.breaker.window, common.breaker.open_for};
  settings.queue.may_come_round = is_spoken;
  const auto& own = sink.as<connectors::ChannelSettings>();
  settings.queue.confirm_timeout = own.confirm_timeout;
  settings.queue.resend = own.resend;
  if (kind.address != nullptr) settings.address = kind.address(*sink.settings);
  settings.form = form_of(common.format);
  settings.content = content_of(common, marks);
  ChannelSinkParts made;
  made.memory = common.memory.bytes;
  made.target = channel_target(sink, connector);
  settings.channel = made.target.channel;
  auto reporter = std::make_shared<ChannelReporter>(telemetry, sink.name);
  made.outlet = std::make_shared<sinks::channel::Outlet>(
      std::move(settings),
      [reporter](const std::string&, const event::MessageReport& report) { reporter->told(report); },
      [reporter](const std::string&, const sinks::channel::BreakerStanding& standing) { reporter->breaker(standing); });
  made.target.outlet = made.outlet;
  return made;
}

}  // namespace tributary::daemon
