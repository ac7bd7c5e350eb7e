// The one translation unit with websocketpp, compiled as C++17 because its headers are not C++20. Its iostream
// transport is fed by hand.
#include "net/websocket_engine.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <utility>
#include <websocketpp/client.hpp>
#include <websocketpp/concurrency/none.hpp>
#include <websocketpp/connection_base.hpp>
#include <websocketpp/endpoint_base.hpp>
#include <websocketpp/extensions/permessage_deflate/disabled.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/http/response.hpp>
#include <websocketpp/logger/stub.hpp>
#include <websocketpp/server.hpp>
#include <websocketpp/transport/iostream/endpoint.hpp>
#include <websocketpp/utf8_validator.hpp>

#include "net/http_reply.hpp"

#include "net/websocketpp_tuned.ipp"
#include "net/websocketpp_words.ipp"
#include "text/printable.hpp"

namespace tributary::net {

namespace {

using Connection = websocketpp::connection<wspp::Config>;
using ConnectionPtr = Connection::ptr;
using websocketpp::connection_hdl;
namespace close_status = websocketpp::close::status;
namespace session_state = websocketpp::session::state;

/// websocketpp finds the byte order at the first frame and keeps it in a plain variable: here, before there are
/// threads.
[[maybe_unused]] const auto byte_order_is_known = websocketpp::lib::net::_htonll(1);

/// Endpoints only make connections and lend them their generator: one of each kind, for ever.
websocketpp::client<wspp::Config>& client_endpoint() {
  static auto* const endpoint = [] {
    auto* made = new websocketpp::client<wspp::Config>;
    made->set_secure(true);
    made->set_user_agent("tributary");
    return made;
  }();
  return *endpoint;
}

websocketpp::server<wspp::Config>& server_endpoint() {
  static auto* const endpoint = [] {
    auto* made = new websocketpp::server<wspp::Config>;
    made->set_user_agent("");
    return made;
  }();
  return *endpoint;
}

bool has_line_break(std::string_view text) { return text.find_first_of("\r\n") != std::string_view::npos; }

/// What client and server share.
class Engine : public WebSocketEngine {
 public:
  Engine(Events& events, ConnectionPtr connection) : events_(events), connection_(std::move(connection)) {
    connection_->set_vector_write_handler(
        [this](const connection_hdl&, const std::vector<websocketpp::transport::buffer>& buffers) {
          return write(buffers);
        });
    connection_->set_write_handler([this](const connection_hdl&, const char* data, std::size_t size) {
      const std::string_view piece(data, size);
      if (!silent_) events_.write(&piece, 1);
      return websocketpp::lib::error_code();
    });
    connection_->set_message_handler([this](const connection_hdl&, const wspp::Message::ptr& message) {
      guarded([&] {
        events_.message(message->get_payload(), message->get_opcode() == websocketpp::frame::opcode::binary);
      });
    });
    connection_->set_pong_handler(
        [this](const connection_hdl&, const std::string&) { guarded([&] { events_.pong(); }); });
  }

  ~Engine() override {
    connection_->set_message_handler(nullptr);
    connection_->set_pong_handler(nullptr);
    connection_->set_open_handler(nullptr);
    connection_->set_validate_handler(nullptr);
    connection_->set_http_handler(nullptr);
    silent_ = true;
    connection_->eof();  // lets go of the pending read, which holds the connection itself
  }

  void pause(bool paused) override { paused_ = paused; }

  /// The frame is prepared here: the library would copy the payload twice and check its UTF-8 byte by byte.
  void send(std::string_view payload, bool binary) override {
    if (!is_open()) return;
    namespace frame = websocketpp::frame;
    const auto op = binary ? frame::opcode::binary : frame::opcode::text;
    const bool masked = !connection_->is_server();
    const auto message = connection_->get_message(op, payload.size());
    std::string& out = message->get_raw_payload();
    out = payload;
    frame::masking_key_type key{};
    if (masked) {
      key.i = wspp::MaskSource()();
      frame::byte_mask(out.begin(), out.end(), key);
    }
    const frame::basic_header header(op, out.size(), true, masked);
    message->set_header(frame::prepare_header(
        header, masked ? frame::extended_header(out.size(), key.i) : frame::extended_header(out.size())));
    message->set_prepared(true);
    connection_->send(message);
  }

  void ping() override {
    websocketpp::lib::error_code ignored;
    connection_->ping(std::string(), ignored);
  }

  void close(int code, std::string_view reason) override {
    if (!is_open()) return;
    closed_by_us_ = true;
    const auto status = static_cast<close_status::value>(code);
    websocketpp::lib::error_code refused;
    connection_->close(status, std::string(reason), refused);
    if (refused) connection_->close(close_status::normal, std::string(), refused);
  }

  bool is_open() const override { return opened_ && !ending_ && connection_->get_state() == session_state::open; }
  const std::optional<Ending>& ending() const override { return ending_; }

 protected:
  /// Runs an event; whatever it throws ends this connection and goes no further.
  template <typename Event>
  void guarded(Event event) {
    if (ending_) return;
    try {
      event();
    } catch (const std::exception& fault) {
      end(Reason::internal, std::string("a listener failed: ") + fault.what());
    } catch (...) {
      end(Reason::internal, "a listener failed");
    }
  }

  void end(Reason reason, std::string_view detail, int close_code = 0) {
    if (ending_) return;
    ending_ = Ending{reason, text::printable(detail, 300), close_code, 0};
  }

  std::size_t take_frames(std::string_view bytes) {
    const std::size_t used =
        connection_->read_some(bytes.data(), std::min(bytes.size(), wspp::Config::connection_read_buffer_size));
    if (connection_->get_state() != session_state::open) look_for_end();
    if (used == 0) end(Reason::protocol_error, "the websocket takes no more bytes");
    return used;
  }

  /// The connection is closing or closed: says why, unless it is ours and the peer has yet to answer.
  void look_for_end() {
    const auto remote = connection_->get_remote_close_code();
    const auto local = connection_->get_local_close_code();
    const bool answered = remote != close_status::abnormal_close;
    const auto& local_words = connection_->get_local_close_reason();
    if (!opened_) {
      if (connection_->get_state() == session_state::closed) end(Reason::protocol_error, failure_words());
    } else if (answered && !closed_by_us_ && local == close_status::protocol_error &&
               (local != remote || local_words != connection_->get_remote_close_reason())) {
      end(Reason::protocol_error, wspp::words_of(local_words), remote);
    } else if (answered) {
      end(Reason::closed, close_words(remote), remote);
    } else if (closed_by_us_) {
      // Some codes end the library's part at once, without waiting for an answer.
      if (connection_->get_state() == session_state::closed)
        end(Reason::closed, "code " + std::to_string(local) + ", ours");
    } else {
      const bool too_large = local == close_status::message_too_big;
      end(too_large ? Reason::frame_too_large : Reason::protocol_error,
          local_words.empty() ? "the websocket failed" : wspp::words_of(local_words));
    }
  }

  std::string close_words(close_status::value code) const {
    std::string words = code == close_status::no_status ? "without a code" : "code " + std::to_string(code);
    if (!connection_->get_remote_close_reason().empty()) words += ": " + connection_->get_remote_close_reason();
    return words;
  }

  /// What only the handshake needed would otherwise be kept for the life of the connection.
  void forget_handshake() {
    const_cast<Connection::request_type&>(connection_->get_request()) = Connection::request_type();
    const_cast<Connection::response_type&>(connection_->get_response()) = Connection::response_type();
    connection_->set_uri(nullptr);
  }

  std::string failure_words() const { return "the handshake failed: " + connection_->get_ec().message(); }

  Events& events_;
  ConnectionPtr connection_;
  std::optional<Ending> ending_;
  bool opened_ = false;
  bool paused_ = false;
  bool closed_by_us_ = false;

 private:
  bool silent_ = false;  ///< being destroyed

  websocketpp::lib::error_code write(const std::vector<websocketpp::transport::buffer>& buffers) {
    if (silent_) return {};
    std::array<std::string_view, 16> pieces;
    std::size_t count = 0;
    for (const auto& buffer : buffers) {
      pieces[count++] = std::string_view(buffer.buf, buffer.len);
      if (count == pieces.size()) events_.write(pieces.data(), std::exchange(count, 0));
    }
    if (count != 0) events_.write(pieces.data(), count);
    return {};
  }
};

class ClientEngine final : public Engine {
 public:
  ClientEngine(const Request& request, ConnectionPtr connection, Events& events)
      : Engine(events, std::move(connection)), reader_(std::make_unique<HttpReplyReader>()) {
    connection_->set_open_handler([this](const connection_hdl&) { opened_ = true; });
    for (const auto& [name, value] : request.headers) add_header(name, value);
    for (const auto& subprotocol : request.subprotocols) {
      websocketpp::lib::error_code refused;
      connection_->add_subprotocol(subprotocol, refused);
      if (refused) end(Reason::upgrade_refused, "\"" + subprotocol + "\" cannot be a subprotocol's name");
    }
  }

  void start() override {
    if (ending_) return;
    client_endpoint().connect(connection_);
    look_for_end();
  }

  std::size_t receive(std::string_view bytes) override {
    std::size_t used = 0;
    while (used < bytes.size() && !ending_ && !paused_) {
      const std::string_view rest = bytes.substr(used);
      switch (phase_) {
        case Phase::answer:
          used += take_answer(rest);
          break;
        case Phase::first_bytes:
          used += take_first_bytes(rest);
          break;
        case Phase::refusal:
          used += take_refusal(rest);
          break;
        case Phase::frames:
          used += take_frames(rest);
          break;
      }
    }
    return used;
  }

  void end_of_stream() override {
    if (ending_ || phase_ != Phase::refusal) return;
    reader_->end();
    refuse();
  }

 private:
  enum class Phase { answer, first_bytes, refusal, frames };

  void add_header(const std::string& name, const std::string& value) {
    bool good = !name.empty() && !has_line_break(value);
    try {
      if (good) connection_->append_header(name, value);
    } catch (const std::exception&) {
      good = false;
    }
    if (!good) end(Reason::upgrade_refused, "the request header \"" + name + "\" has a character no header may have");
  }

  std::size_t take_answer(std::string_view bytes) {
    const std::size_t used = reader_->feed(bytes);
    if (reader_->state() == HttpReplyReader::State::head) return used;
    if (reader_->state() == HttpReplyReader::State::malformed) {
      end(Reason::protocol_error, "in answer to the upgrade: " + reader_->fault());
    } else if (reader_->reply().status != 101) {
      phase_ = Phase::refusal;
      if (reader_->state() == HttpReplyReader::State::complete) refuse();
    } else {
      accept();
    }
    return used;
  }

  /// A 101: what the library does not check is checked here, then it checks the rest, Sec-WebSocket-Accept above all.
  void accept() {
    const HttpReply& reply = reader_->reply();
    const std::string subprotocol = reply.header("Sec-WebSocket-Protocol");
    const auto& offered = connection_->get_requested_subprotocols();
    if (!reply.header("Sec-WebSocket-Extensions").empty()) {
      return end(Reason::protocol_error,
                 "the upstream chose an extension that was not offered: " + reply.header("Sec-WebSocket-Extensions"));
    }
    if (!subprotocol.empty() && std::find(offered.begin(), offered.end(), subprotocol) == offered.end()) {
      return end(Reason::protocol_error, "the upstream chose a subprotocol that was not offered: " + subprotocol);
    }
    const std::string head = reader_->unfolded_head();
    connection_->read_all(head.data(), head.size());
    if (!opened_) return end(Reason::protocol_error, what_the_101_lacks(reply));
    reader_.reset();
    forget_handshake();
    phase_ = Phase::first_bytes;
    guarded([&] { events_.opened(subprotocol); });
  }

  /// The library has refused it. Its words name no header.
  std::string what_the_101_lacks(const HttpReply& reply) const {
    constexpr const char* remedy =
        "; is `url` the address of a websocket, and does whatever is in between let one through?";
    const auto lacks = [&](const char* name, std::string_view token) {
      std::string value = reply.header(name);
      std::transform(value.begin(), value.end(), value.begin(),
                     [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; });
      return value.find(token) == std::string::npos;
    };
    if (lacks("Upgrade", "websocket")) return std::string("the 101 answer has no header `Upgrade: websocket`") + remedy;
    if (lacks("Connection", "upgrade"))
      return std::string("the 101 answer has no header `Connection: Upgrade`") + remedy;
    const std::string accept = reply.header("Sec-WebSocket-Accept");
    if (accept.empty()) return std::string("the 101 answer has no header `Sec-WebSocket-Accept`") + remedy;
    return "the 101 answer's Sec-WebSocket-Accept is `" + accept.substr(0, 64) +
           "`, which does not belong to our request: it answers another one, or does not come from the server" + remedy;
  }

  /// Some servers write a whole HTTP refusal after their 101. No frame begins with "HTTP/1.", its first byte is a
  /// fragmented close with a reserved bit.
  std::size_t take_first_bytes(std::string_view bytes) {
    constexpr std::string_view mark = "HTTP/1.";
    const std::size_t seen = first_bytes_.size();
    const std::size_t length = std::min(bytes.size(), mark.size() - seen);
    if (bytes.substr(0, length) == mark.substr(seen, length)) {
      first_bytes_ += bytes.substr(0, length);
      if (first_bytes_ == mark) {
        phase_ = Phase::refusal;
        reader_ = std::make_unique<HttpReplyReader>();
        reader_->feed(first_bytes_);
      }
      return length;
    }
    phase_ = Phase::frames;
    if (!first_bytes_.empty()) take_frames(first_bytes_);
    return 0;
  }

  std::size_t take_refusal(std::string_view bytes) {
    const std::size_t used = reader_->feed(bytes);
    if (reader_->state() == HttpReplyReader::State::complete || reader_->state() == HttpReplyReader::State::malformed) {
      refuse();
    }
    return used;
  }

  void refuse() {
    if (reader_->state() == HttpReplyReader::State::malformed) {
      return end(Reason::upgrade_refused, "an HTTP refusal after the 101, cut short");
    }
    const HttpReply& reply = reader_->reply();
    end(Reason::upgrade_refused, reply.words());
    ending_->http_status = reply.status;
    ending_->retry_after_seconds = retry_after_seconds(reply.header("Retry-After"), std::time(nullptr));
  }

  Phase phase_ = Phase::answer;
  std::unique_ptr<HttpReplyReader> reader_;  ///< only while HTTP is read
  std::string first_bytes_;
};

class ServerEngine final : public Engine {
 public:
  ServerEngine(ConnectionPtr connection, Events& events) : Engine(events, std::move(connection)) {
    connection_->set_validate_handler([this](const connection_hdl&) { return decide(true); });
    connection_->set_http_handler([this](const connection_hdl&) { decide(false); });
    connection_->set_open_handler([this](const connection_hdl&) {
      opened_ = true;
      forget_handshake();
      guarded([&] { events_.opened(connection_->get_subprotocol()); });
    });
  }

  void start() override { connection_->start(); }

  std::size_t receive(std::string_view bytes) override {
    std::size_t used = 0;
    while (used < bytes.size() && !ending_ && !paused_) used += take_frames(bytes.substr(used));
    return used;
  }

  void end_of_stream() override {}

 private:
  /// Asks the owner about a request and gives its answer to the library. True: go on with the handshake.
  bool decide(bool handshake) {
    UpgradeRequest request;
    request.target = connection_->get_request().get_uri();
    for (const auto& [name, value] : connection_->get_request().get_headers())
      request.headers.emplace_back(name, value);
    request.subprotocols = connection_->get_requested_subprotocols();
    UpgradeAnswer answer;
    answer.status = 500;
    if (handshake && request.header("Sec-WebSocket-Version") != "13") {
      answer.status = 400;
      answer.body = "Missing or invalid Sec-WebSocket-Version header";
      answer.headers.emplace_back("Sec-WebSocket-Version", "13");
    } else {
      guarded([&] { answer = events_.upgrade(request); });
    }
    if (!handshake && answer.status == 101) answer.status = 426;
    return give(answer);
  }

  bool give(const UpgradeAnswer& answer) {
    try {
      for (const auto& [name, value] : answer.headers) connection_->append_header(name, value);
      if (answer.status == 101) {
        websocketpp::lib::error_code not_offered;
        connection_->select_subprotocol(answer.subprotocol, not_offered);
        return true;
      }
      connection_->set_status(static_cast<websocketpp::http::status_code::value>(answer.status));
      connection_->append_header("Connection", "close");
      if (!answer.content_type.empty()) connection_->append_header("Content-Type", answer.content_type);
      connection_->set_body(answer.body);
      if (answer.body.empty()) connection_->replace_header("Content-Length", "0");
    } catch (const std::exception&) {
      connection_->set_status(websocketpp::http::status_code::internal_server_error);
    }
    return false;
  }
};

}  // namespace

std::unique_ptr<WebSocketEngine> WebSocketEngine::client(const Request& request, std::size_t frame_limit,
                                                         Events& events) {
  websocketpp::lib::error_code refused;
  auto connection = client_endpoint().get_connection(
      std::make_shared<websocketpp::uri>(request.secure, request.host, request.port, request.target), refused);
  if (!connection) std::abort();
  connection->set_max_message_size(frame_limit);
  return std::make_unique<ClientEngine>(request, std::move(connection), events);
}

std::unique_ptr<WebSocketEngine> WebSocketEngine::server(std::size_t frame_limit, Events& events) {
  auto connection = server_endpoint().get_connection();
  if (!connection) std::abort();
  connection->set_max_message_size(frame_limit);
  return std::make_unique<ServerEngine>(std::move(connection), events);
}

}  // namespace tributary::net
