// Part of websocket_engine.cpp, which includes websocketpp before it: the library's configuration, and specialisations
// of what costs most per message. They must come before anything of the library is instantiated.

#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace websocketpp::utf8_validator {

/// Received text is not checked here: an alert must not be lost for one bad byte; codecs repair and count it.
template <>
inline bool validator::decode<std::string::iterator>(std::string::iterator, std::string::iterator) {
  return true;
}

}  // namespace websocketpp::utf8_validator

namespace tributary::net::wspp {

/// Masking keys and handshake keys, from OpenSSL's generator, fetched many at a time.
class MaskSource {
 public:
  std::uint32_t operator()() {
    static thread_local std::array<std::uint32_t, 256> keys;
    static thread_local std::size_t used = keys.size();
    if (used == keys.size()) {
      if (RAND_bytes(reinterpret_cast<unsigned char*>(keys.data()), sizeof keys) != 1) std::abort();
      used = 0;
    }
    return keys[used++];
  }
};

class MessagePool;

/// One message in or out, as websocketpp wants it.
class Message {
 public:
  using ptr = std::shared_ptr<Message>;
  using con_msg_man_ptr = std::shared_ptr<MessagePool>;
  using opcode = websocketpp::frame::opcode::value;

  bool get_prepared() const { return prepared_; }
  void set_prepared(bool value) { prepared_ = value; }
  bool get_compressed() const { return false; }
  void set_compressed(bool) {}
  bool get_terminal() const { return terminal_; }
  void set_terminal(bool value) { terminal_ = value; }
  bool get_fin() const { return fin_; }
  void set_fin(bool value) { fin_ = value; }
  opcode get_opcode() const { return opcode_; }
  void set_opcode(opcode value) { opcode_ = value; }
  const std::string& get_header() const { return header_; }
  void set_header(const std::string& header) { header_ = header; }
  const std::string& get_payload() const { return payload_; }
  std::string& get_raw_payload() { return payload_; }
  void set_payload(const std::string& payload) { payload_ = payload; }
  void append_payload(const std::string& payload) { payload_ += payload; }
  void append_payload(const void* data, std::size_t size) { payload_.append(static_cast<const char*>(data), size); }

  /// Made fresh for its next use. A large buffer is given back, and only so much of an announced length is trusted.
  void reset(opcode op, std::size_t announced) {
    constexpr std::size_t kept_capacity = 64 * 1024;
    if (payload_.capacity() > kept_capacity) payload_ = std::string();
    payload_.clear();
    payload_.reserve(std::min(announced, kept_capacity));
    header_.clear();
    opcode_ = op;
    prepared_ = terminal_ = false;
    fin_ = true;
  }

 private:
  std::string header_;
  std::string payload_;
  opcode opcode_ = websocketpp::frame::opcode::text;
  bool prepared_ = false;
  bool fin_ = true;
  bool terminal_ = false;
};

/// Hands out messages, the same few again and again per thread.
class MessagePool {
 public:
  using ptr = std::shared_ptr<MessagePool>;
  using weak_ptr = std::weak_ptr<MessagePool>;

  Message::ptr get_message() { return get_message(websocketpp::frame::opcode::text, 0); }

  Message::ptr get_message(websocketpp::frame::opcode::value op, std::size_t size) {
    static thread_local std::array<Message::ptr, 4> pool;
    Message::ptr* slot = &pool.front();
    for (auto& candidate : pool) {
      if (!candidate || candidate.use_count() == 1) {
        slot = &candidate;
        break;
      }
    }
    if (!*slot || slot->use_count() != 1) *slot = std::make_shared<Message>();
    (*slot)->reset(op, size);
    return *slot;
  }
};

class EndpointPool {};

struct TransportConfig {
  using concurrency_type = websocketpp::concurrency::none;
  using elog_type = websocketpp::log::stub;
  using alog_type = websocketpp::log::stub;
  using request_type = websocketpp::http::parser::request;
  using response_type = websocketpp::http::parser::response;
};

struct Config {
  using type = Config;
  using concurrency_type = TransportConfig::concurrency_type;
  using request_type = TransportConfig::request_type;
  using response_type = TransportConfig::response_type;
  using message_type = Message;
  using con_msg_manager_type = MessagePool;
  using endpoint_msg_manager_type = EndpointPool;
  using elog_type = TransportConfig::elog_type;
  using alog_type = TransportConfig::alog_type;
  using rng_type = MaskSource;
  using transport_config = TransportConfig;
  using transport_type = websocketpp::transport::iostream::endpoint<TransportConfig>;
  using endpoint_base = websocketpp::endpoint_base;
  using connection_base = websocketpp::connection_base;

  static constexpr long timeout_open_handshake = 0;  // every deadline is the owner's
  static constexpr long timeout_close_handshake = 0;
  static constexpr long timeout_pong = 0;
  static constexpr int client_version = 13;
  static constexpr websocketpp::log::level elog_level = websocketpp::log::elevel::none;
  static constexpr websocketpp::log::level alog_level = websocketpp::log::alevel::none;
  static constexpr std::size_t connection_read_buffer_size = 512;
  static constexpr bool drop_on_protocol_error = false;
  static constexpr bool silent_close = false;
  static constexpr std::size_t max_message_size = 4u << 20;
  static constexpr std::size_t max_http_body_size = 64u << 10;
  static constexpr bool enable_extensions = true;
  static constexpr bool enable_multithreading = false;
  struct permessage_deflate_config {
    using request_type = Config::request_type;
    static constexpr bool allow_disabling_context_takeover = true;
    static constexpr std::uint8_t minimum_outgoing_window_bits = 8;
  };
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::disabled<permessage_deflate_config>;
};

}  // namespace tributary::net::wspp

namespace websocketpp::transport::iostream {

/// As the original, without building a log line per read and without copying the handler.
template <>
inline void connection<tributary::net::wspp::TransportConfig>::async_read_at_least(size_t num_bytes, char* buf,
                                                                                   size_t len, read_handler handler) {
  if (num_bytes > len) return handler(make_error_code(error::invalid_num_bytes), 0);
  if (m_reading) return handler(make_error_code(error::double_read), 0);
  if (num_bytes == 0) return handler(lib::error_code(), 0);
  m_buf = buf;
  m_len = len;
  m_bytes_needed = num_bytes;
  m_read_handler = std::move(handler);
  m_cursor = 0;
  m_reading = true;
}

template <>
inline void connection<tributary::net::wspp::TransportConfig>::complete_read(const lib::error_code& ec) {
  m_reading = false;
  const read_handler handler = std::exchange(m_read_handler, read_handler());
  handler(ec, m_cursor);
}

}  // namespace websocketpp::transport::iostream
