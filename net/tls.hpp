#pragma once

#include <openssl/ssl.h>

#include <memory>
#include <string>

#include "net/websocket.hpp"

namespace tributary::net {

struct SslFree {
  void operator()(SSL* ssl) const { SSL_free(ssl); }
};
using SslPointer = std::unique_ptr<SSL, SslFree>;
using SslContext = std::shared_ptr<SSL_CTX>;

/// The context of a client with these settings: TLS 1.2 or newer, chain verified unless `insecure`. Contexts are shared
/// between connections and loaded anew when one of their files changes. Null on failure, and `fault` says why.
/// Thread: any.
SslContext client_tls_context(const TlsSettings& settings, std::string& fault);

/// The context of a server; not shared. Null on failure, and `fault` says why.
SslContext server_tls_context(const ServerTls& settings, std::string& fault);

/// A client's TLS on a connected non-blocking descriptor: SNI and the verified name or address are `name`.
SslPointer client_tls(const SslContext& context, int descriptor, const std::string& name, bool insecure);

SslPointer server_tls(const SslContext& context, int descriptor);

/// What a failed OpenSSL call means, for a person: the certificate's fault before the library's error.
std::string tls_words(const SSL* ssl, int system_error);

}  // namespace tributary::net
