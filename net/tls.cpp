#include "net/tls.hpp"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <map>
#include <mutex>
#include <system_error>
#include <tuple>

#include "net/socket_words.hpp"
#include "text/url.hpp"

namespace tributary::net {

namespace {

// A BIO on a socket that never raises SIGPIPE; OpenSSL's own does.

int socket_of(BIO* bio) { return static_cast<int>(reinterpret_cast<std::intptr_t>(BIO_get_data(bio))); }

int settle(BIO* bio, ssize_t result, bool reading) {
  BIO_clear_retry_flags(bio);
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
    reading ? BIO_set_retry_read(bio) : BIO_set_retry_write(bio);
  }
  return static_cast<int>(result);
}

int bio_read(BIO* bio, char* data, int size) {
  return settle(bio, ::recv(socket_of(bio), data, static_cast<std::size_t>(size), 0), true);
}

int bio_write(BIO* bio, const char* data, int size) {
  return settle(bio, ::send(socket_of(bio), data, static_cast<std::size_t>(size), MSG_NOSIGNAL), false);
}

long bio_control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

BIO* socket_bio(int descriptor) {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "socket without SIGPIPE");
    BIO_meth_set_read(made, bio_read);
    BIO_meth_set_write(made, bio_write);
    BIO_meth_set_ctrl(made, bio_control);
    return made;
  }();
  BIO* bio = BIO_new(method);
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::intptr_t>(descriptor)));
  BIO_set_init(bio, 1);
  return bio;
}

/// What a person can do about a handshake that either side refused.
const char* handshake_remedy(int reason) {
  switch (reason) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "; the server wants to see a certificate of ours: set `tls.certificate` and `tls.key`";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
      return "; the server does not accept the certificate of ours: see `tls.certificate`";
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "; the server and we have no cipher in common, or it wants a certificate of ours (`tls.certificate`)";
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_UNSUPPORTED_PROTOCOL:
      return "; the server has to speak TLS 1.2 or 1.3";
    case SSL_R_TLSV1_UNRECOGNIZED_NAME:
      return "; the server does not know this host: is `url` right, or is `tls.server_name` needed?";
    default:
      return "";
  }
}

std::string library_words() {
  const unsigned long code = ERR_peek_error();
  const char* reason = ERR_reason_error_string(code);
  ERR_clear_error();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL &&
      (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER || ERR_GET_REASON(code) == SSL_R_PACKET_LENGTH_TOO_LONG)) {
    return "the server does not speak TLS on this port (wrong version number); are scheme and port of the URL right?";
  }
  std::string words = std::string("TLS failed: ") + (reason != nullptr ? reason : "no cause is given");
  return words + (ERR_GET_LIB(code) == ERR_LIB_SSL ? handshake_remedy(ERR_GET_REASON(code)) : "");
}

/// Why a PEM file of the configuration cannot be used.
std::string pem_words(const std::string& file) {
  if (::access(file.c_str(), R_OK) != 0) {
    ERR_clear_error();
    return std::string(std::strerror(errno)) +
           (errno == EACCES ? "; let this user read it" : "; make it, or correct the path");
  }
  const unsigned long code = ERR_peek_error();
  const bool unasked = ERR_GET_REASON(code) == ERR_R_INTERRUPTED_OR_CANCELLED;  // for the passphrase
  if (ERR_GET_LIB(code) != ERR_LIB_PEM && !unasked) return library_words();
  switch (ERR_GET_REASON(code)) {
    case PEM_R_NO_START_LINE:
      ERR_clear_error();
      return "it holds nothing of that kind in PEM; expected a line `-----BEGIN …-----`";
    case PEM_R_BAD_BASE64_DECODE:
    case PEM_R_BAD_END_LINE:
    case PEM_R_SHORT_HEADER:
    case PEM_R_BAD_MAGIC_NUMBER:
      ERR_clear_error();
      return "its PEM is damaged or cut short; write it anew";
    case PEM_R_BAD_PASSWORD_READ:
    case PEM_R_PROBLEMS_GETTING_PASSWORD:
    case PEM_R_BAD_DECRYPT:
    case ERR_R_INTERRUPTED_OR_CANCELLED:
      ERR_clear_error();
      return "it is encrypted; expected a key without a passphrase";
    default:
      return library_words();
  }
}

/// Nobody is asked for a passphrase: the program has no terminal.
int no_passphrase(char*, int, int, void*) { return -1; }

/// What a person can do about a certificate that is not trusted.
const char* remedy(long verified) {
  switch (verified) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "; the server needs a valid one, or this machine's clock is wrong";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return "; its authority is not known here: name it in `tls.ca_file`";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "; it is of another host: is `url` right, or is `tls.server_name` needed?";
    default:
      return "";
  }
}

SslContext new_context(const SSL_METHOD* method) {
  SslContext context(SSL_CTX_new(method), SSL_CTX_free);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_mode(context.get(),
                   SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_default_passwd_cb(context.get(), no_passphrase);
  return context;
}

/// Loads certificate and key. Empty when fine.
std::string load_identity(SSL_CTX* context, const std::string& certificate, const std::string& key) {
  if (certificate.empty()) return {};
  const std::string& key_file = key.empty() ? certificate : key;
  if (SSL_CTX_use_certificate_chain_file(context, certificate.c_str()) != 1) {
    return "the certificate " + certificate + " cannot be used: " + pem_words(certificate);
  }
  if (SSL_CTX_use_PrivateKey_file(context, key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return "the key " + key_file + " cannot be used: " + pem_words(key_file);
  }
  if (SSL_CTX_check_private_key(context) != 1) {
    ERR_clear_error();
    return "the key " + key_file + " does not belong to " + certificate;
  }
  return {};
}

SslContext load_client_context(const TlsSettings& settings, std::string& fault) {
  ERR_clear_error();
  SslContext context = new_context(TLS_client_method());
  if (settings.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (SSL_CTX_load_verify_locations(context.get(), settings.ca_file.c_str(), nullptr) != 1) {
    fault = "the CA file " + settings.ca_file + " cannot be used: " + pem_words(settings.ca_file);
    return nullptr;
  }
  fault = load_identity(context.get(), settings.certificate, settings.key);
  return fault.empty() ? context : nullptr;
}

/// When a file last changed, followed through symbolic links; 0 when it cannot be seen.
std::pair<long, long> change_time(const std::string& path) {
  struct stat status {};
  if (path.empty() || ::stat(path.c_str(), &status) != 0) return {};
  return {status.st_mtim.tv_sec, status.st_mtim.tv_nsec};
}

using ContextKey = std::tuple<std::string, std::string, std::string>;
using ChangeTimes = std::array<std::pair<long, long>, 3>;

}  // namespace

SslContext client_tls_context(const TlsSettings& settings, std::string& fault) {
  struct Cached {
    ChangeTimes changed;
    SslContext context;
  };
  static std::mutex mutex;
  static auto& cache = *new std::map<ContextKey, Cached>;
  constexpr std::size_t cache_limit = 64;

  const ContextKey key{settings.ca_file, settings.certificate, settings.key};
  const ChangeTimes changed{change_time(settings.ca_file), change_time(settings.certificate),
                            change_time(settings.key)};
  const std::lock_guard lock(mutex);
  if (const auto found = cache.find(key); found != cache.end() && found->second.changed == changed) {
    return found->second.context;
  }
  SslContext context = load_client_context(settings, fault);
  if (!context) return nullptr;
  if (cache.size() >= cache_limit) cache.clear();
  cache[key] = Cached{changed, context};
  return context;
}

SslContext server_tls_context(const ServerTls& settings, std::string& fault) {
  ERR_clear_error();
  SslContext context = new_context(TLS_server_method());
  fault = load_identity(context.get(), settings.certificate, settings.key);
  if (!fault.empty()) return nullptr;
  if (!settings.client_ca.empty()) {
    if (SSL_CTX_load_verify_locations(context.get(), settings.client_ca.c_str(), nullptr) != 1) {
      fault = "the CA file " + settings.client_ca + " cannot be used: " + pem_words(settings.client_ca);
      return nullptr;
    }
    SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  return context;
}

SslPointer client_tls(const SslContext& context, int descriptor, const std::string& name, bool insecure) {
  SslPointer ssl(SSL_new(context.get()));
  BIO* bio = socket_bio(descriptor);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_read_ahead(ssl.get(), 1);
  if (text::is_address_literal(name)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), name.c_str());
  } else {
    SSL_set_tlsext_host_name(ssl.get(), name.c_str());
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    SSL_set1_host(ssl.get(), name.c_str());
  }
  SSL_set_verify(ssl.get(), insecure ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nullptr);
  SSL_set_connect_state(ssl.get());
  return ssl;
}

SslPointer server_tls(const SslContext& context, int descriptor) {
  SslPointer ssl(SSL_new(context.get()));
  BIO* bio = socket_bio(descriptor);
  SSL_set_bio(ssl.get(), bio, bio);
  SSL_set_read_ahead(ssl.get(), 1);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

std::string tls_words(const SSL* ssl, int system_error) {
  const long verified = SSL_get_verify_result(ssl);
  if (verified != X509_V_OK && SSL_get_verify_mode(ssl) != SSL_VERIFY_NONE) {
    ERR_clear_error();
    return std::string("certificate: ") + X509_verify_cert_error_string(verified) + remedy(verified);
  }
  if (ERR_peek_error() != 0) return library_words();
  if (system_error != 0) return broken_words(system_error);
  return "the connection was closed";
}

}  // namespace tributary::net
