#include "connectors/streamelements/socket_io.hpp"

#include "text/ascii.hpp"
#include "text/json.hpp"

namespace tributary::connectors::streamelements {
namespace {

constexpr std::size_t ack_id_limit = 20;

/// Takes the digits in front of `text` away.
std::string_view take_digits(std::string_view& text) {
  std::size_t count = 0;
  while (count < text.size() && text::is_digit(text[count])) ++count;
  const auto digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

bool is_short(std::string_view ack_id) { return ack_id.size() <= ack_id_limit; }

/// `n-` of a binary packet.
bool take_attachments(std::string_view& text, std::uint32_t& attachments) {
  const auto digits = take_digits(text);
  if (digits.empty() || digits.size() > 4 || text.empty() || text.front() != '-') return false;
  text.remove_prefix(1);
  for (const char digit : digits) attachments = attachments * 10 + static_cast<std::uint32_t>(digit - '0');
  return attachments <= attachment_limit;
}

/// `/ns?query,`: the comma may be missing when nothing follows.
std::string_view take_name_space(std::string_view& text) {
  if (text.empty() || text.front() != '/') return {};
  const auto comma = text.find(',');
  auto name_space = text.substr(0, comma);
  text = comma == std::string_view::npos ? std::string_view{} : text.substr(comma + 1);
  name_space = name_space.substr(0, name_space.find('?'));
  return name_space == "/" ? std::string_view{} : name_space;
}

Packet broken(std::string_view fault) {
  Packet packet;
  packet.fault = fault;
  return packet;
}

Packet socket_io_packet(std::string_view text) {
  if (text.empty()) return broken("an empty message packet");
  Packet packet;
  const char type = text.front();
  text.remove_prefix(1);
  switch (type) {
    case '0':
      packet.kind = Packet::Kind::connect;
      break;
    case '1':
      packet.kind = Packet::Kind::disconnect;
      break;
    case '2':
      packet.kind = Packet::Kind::event;
      break;
    case '3':
      packet.kind = Packet::Kind::ack;
      break;
    case '4':
      packet.kind = Packet::Kind::error;
      break;
    case '5':
      packet.kind = Packet::Kind::binary_event;
      break;
    case '6':
      packet.kind = Packet::Kind::binary_ack;
      break;
    default:
      return broken("an unknown Socket.IO packet type");
  }
  const bool binary = packet.kind == Packet::Kind::binary_event || packet.kind == Packet::Kind::binary_ack;
  if (binary && !take_attachments(text, packet.attachments)) return broken("a bad count of attachments");
  packet.name_space = take_name_space(text);
  if (binary || packet.kind == Packet::Kind::event || packet.kind == Packet::Kind::ack) {
    packet.ack_id = take_digits(text);
    if (!is_short(packet.ack_id)) return broken("an ack id of too many digits");
  }
  packet.body = text;
  return packet;
}

}  // namespace

Packet Packet::read(std::string_view message) {
  if (message.empty()) return broken("an empty message");
  const auto rest = message.substr(1);
  Packet packet;
  packet.body = rest;
  switch (message.front()) {
    case '0':
      packet.kind = Kind::open;
      break;
    case '1':
      packet.kind = Kind::close;
      break;
    case '2':
      packet.kind = Kind::ping;
      break;
    case '3':
      packet.kind = Kind::pong;
      break;
    case '4':
      return socket_io_packet(rest);
    case '5':
      packet.kind = Kind::upgrade;
      break;
    case '6':
      packet.kind = Kind::noop;
      break;
    default:
      return broken("an unknown Engine.IO packet type");
  }
  return packet;
}

std::string authenticate_message(std::string_view method, std::string_view token) {
  std::string message = "42[\"authenticate\",{\"method\":";
  text::append_quoted(message, method);
  message += ",\"token\":";
  text::append_quoted(message, token);
  message += "}]";
  return message;
}

std::string ack_message(std::string_view ack_id) {
  std::string message = "43";
  message += ack_id;
  message += "[]";
  return message;
}

}  // namespace tributary::connectors::streamelements
