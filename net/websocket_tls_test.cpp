#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <random>

#include "net/websocket_fixture.hpp"

namespace tributary::net::testing {
namespace {

using ::testing::AnyOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct KeyFree {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
struct CertificateFree {
  void operator()(X509* certificate) const { X509_free(certificate); }
};

/// A certificate and its key, made here, signed by itself or by another.
struct Identity {
  std::unique_ptr<EVP_PKEY, KeyFree> key;
  std::unique_ptr<X509, CertificateFree> certificate;
};

void extend(X509* certificate, int kind, const std::string& value) {
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

/// `alternative` as OpenSSL writes it: "DNS:live.example", "IP:127.0.0.1"; empty makes a CA.
Identity make_identity(const std::string& name, const std::string& alternative, const Identity* issuer,
                       long valid_seconds = 3600) {
  static long serial = 1;
  Identity made;
  made.key.reset(EVP_EC_gen("P-256"));
  made.certificate.reset(X509_new());
  X509* certificate = made.certificate.get();
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
  X509_gmtime_adj(X509_getm_notAfter(certificate), valid_seconds);
  X509_set_pubkey(certificate, made.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  const Identity& signer = issuer != nullptr ? *issuer : made;
  X509_set_issuer_name(certificate, X509_get_subject_name(signer.certificate.get()));
  if (alternative.empty()) {
    extend(certificate, NID_basic_constraints, "critical,CA:TRUE");
  } else {
    extend(certificate, NID_subject_alt_name, alternative);
  }
  X509_sign(certificate, signer.key.get(), EVP_sha256());
  return made;
}

class Tls : public DialFixture {
 protected:
  Tls() : ca_(make_identity("Test CA", "", nullptr)) {
    folder_ = std::filesystem::temp_directory_path() / ("tributary-tls-" + std::to_string(std::random_device{}()));
    std::filesystem::create_directory(folder_);
    target_.tls.ca_file = save_certificate("ca", ca_);
  }
  ~Tls() override { std::filesystem::remove_all(folder_); }

  std::string save_certificate(const std::string& name, const Identity& identity) {
    const std::string path = folder_ / (name + ".pem");
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_X509(file, identity.certificate.get());
    std::fclose(file);
    return path;
  }
  std::string save_key(const std::string& name, const Identity& identity) {
    const std::string path = folder_ / (name + ".key");
    std::FILE* file = std::fopen(path.c_str(), "w");
    PEM_write_PrivateKey(file, identity.key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    std::fclose(file);
    return path;
  }
  void listen(const Identity& identity, const std::string& client_ca = {}) {
    WebSocketServer::Settings settings;
    settings.tls = {save_certificate("server", identity), save_key("server", identity), client_ca};
    server_ = WebSocketServer::listen(
        io_, settings,
        [this](const UpgradeRequest&) {
          UpgradeAnswer answer;
          answer.listener = &accepted_;
          return answer;
        },
        [this](std::shared_ptr<WebSocket> socket, WebSocketListener*) { accepted_socket_ = std::move(socket); });
  }
  void dial_server(const std::string& host = "127.0.0.1") {
    dial_url("wss://" + host + ":" + std::to_string(server_->port()) + "/");
  }
  void expect_echo() {
    run_until(io_, [&] { return recorder_.ending || (recorder_.opened && accepted_.opened); });
    ASSERT_FALSE(recorder_.ending) << recorder_.ending->detail;
    const std::string large(200'000, 'x');
    socket_->send_text("to server");
    accepted_socket_->send_text(large);
    accepted_socket_->send_text("end");
    run_until(io_, [&] { return recorder_.messages.size() == 2 && accepted_.messages.size() == 1; });
    EXPECT_THAT(recorder_.payloads(), ElementsAre(large, "end"));
    EXPECT_THAT(accepted_.payloads(), ElementsAre("to server"));
  }
  void expect_failure(const std::string& words) {
    run_to_end();
    EXPECT_EQ(recorder_.reason(), Reason::tls_failed) << recorder_.ending->detail;
    EXPECT_THAT(recorder_.ending->detail, HasSubstr(words));
    EXPECT_FALSE(recorder_.opened);
  }

  std::filesystem::path folder_;
  Identity ca_;
  std::unique_ptr<WebSocketServer> server_;
  Recorder accepted_;
  std::shared_ptr<WebSocket> accepted_socket_;
};

TEST_F(Tls, GoodCertificateOfAnAddressCarriesMessagesBothWays) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  dial_server();
  expect_echo();
}

TEST_F(Tls, GoodCertificateOfANameCarriesMessagesBothWays) {
  listen(make_identity("server", "DNS:localhost", &ca_));
  dial_server("localhost");
  expect_echo();
}

TEST_F(Tls, ServerNameIsVerifiedInsteadOfTheHost) {
  listen(make_identity("server", "DNS:live.example", &ca_));
  target_.tls.server_name = "live.example";
  dial_server();
  expect_echo();
}

TEST_F(Tls, CloseHandshakeAndEndAreReadThroughTls) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  dial_server();
  expect_echo();
  accepted_socket_->close(1001, "bye");
  run_until(io_, [&] { return recorder_.ending && accepted_.ending; });
  EXPECT_EQ(recorder_.reason(), Reason::closed);
  EXPECT_EQ(recorder_.ending->close_code, 1001);
  EXPECT_EQ(accepted_.reason(), Reason::closed);
}

TEST_F(Tls, HardEndOfTheServerIsEofOrReset) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  dial_server();
  expect_echo();
  server_->stop();
  run_to_end();
  EXPECT_THAT(recorder_.reason(), AnyOf(Reason::eof, Reason::reset));
}

TEST_F(Tls, CertificateOfAnotherHostIsRefused) {
  listen(make_identity("server", "DNS:other.example", &ca_));
  dial_server("localhost");
  expect_failure("hostname mismatch; it is of another host: is `url` right, or is `tls.server_name` needed?");
}

TEST_F(Tls, CertificateOfAnotherAddressIsRefused) {
  listen(make_identity("server", "IP:192.0.2.1,DNS:127.0.0.1", &ca_));
  dial_server();
  expect_failure("IP address mismatch; it is of another host");
}

TEST_F(Tls, CommonNameAloneIsNotEnough) {
  listen(make_identity("localhost", "DNS:other.example", &ca_));
  dial_server("localhost");
  expect_failure("hostname mismatch");
}

TEST_F(Tls, UnknownCaIsRefused) {
  const Identity other = make_identity("Other CA", "", nullptr);
  listen(make_identity("server", "IP:127.0.0.1", &other));
  dial_server();
  expect_failure("local issuer certificate; its authority is not known here: name it in `tls.ca_file`");
}

TEST_F(Tls, SystemStoreDoesNotKnowOurCa) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  target_.tls.ca_file.clear();
  dial_server();
  expect_failure("certificate");
}

TEST_F(Tls, ExpiredCertificateIsRefused) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_, -3600));
  dial_server();
  expect_failure("expired; the server needs a valid one, or this machine's clock is wrong");
}

TEST_F(Tls, SelfSignedCertificateIsRefused) {
  listen(make_identity("server", "IP:127.0.0.1", nullptr));
  dial_server();
  expect_failure("its authority is not known here: name it in `tls.ca_file`");
}

TEST_F(Tls, InsecureTakesAnyCertificate) {
  listen(make_identity("server", "DNS:other.example", nullptr, -3600));
  target_.tls.ca_file.clear();
  target_.tls.insecure = true;
  dial_server();
  expect_echo();
}

TEST_F(Tls, InsecureOnceDoesNotMakeTheNextDialInsecure) {
  listen(make_identity("server", "DNS:other.example", &ca_));
  target_.tls.insecure = true;
  dial_server();
  expect_echo();
  socket_->detach();
  recorder_.opened.reset();
  target_.tls.insecure = false;
  dial_server();
  expect_failure("mismatch");
}

TEST_F(Tls, ClientCertificateIsShown) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_), target_.tls.ca_file);
  const Identity ours = make_identity("relay", "DNS:relay.example", &ca_);
  target_.tls.certificate = save_certificate("client", ours);
  target_.tls.key = save_key("client", ours);
  dial_server();
  expect_echo();
}

TEST_F(Tls, ServerThatDemandsAClientCertificateRefusesUsWithoutOne) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_), target_.tls.ca_file);
  dial_server();
  expect_failure("certificate required; the server wants to see a certificate of ours: set `tls.certificate`");
}

TEST_F(Tls, UnreadableFilesAreNamed) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  target_.tls.ca_file = folder_ / "missing.pem";
  dial_server();
  expect_failure("missing.pem");
}

TEST_F(Tls, KeyOfAnotherCertificateIsNamed) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  target_.tls.certificate = save_certificate("client", make_identity("relay", "DNS:relay.example", &ca_));
  target_.tls.key = save_key("other", ca_);
  dial_server();
  expect_failure("other.key");
}

TEST_F(Tls, ChangedCaFileIsReadAgain) {
  const Identity other = make_identity("Other CA", "", nullptr);
  listen(make_identity("server", "IP:127.0.0.1", &other));
  dial_server();
  expect_failure("local issuer certificate");
  recorder_.ending.reset();
  save_certificate("ca", other);
  std::filesystem::last_write_time(target_.tls.ca_file, std::filesystem::file_time_type::clock::now() + 1h);
  dial_server();
  expect_echo();
}

TEST_F(Tls, PlainServerIsNotTls) {
  ScriptedPeer peer([](PeerSocket& socket) {
    socket.read(5);
    socket.write("HTTP/1.1 400 Bad Request\r\n\r\n");
    socket.end_writing();
    socket.wait_for_end();
  });
  dial_url("wss://127.0.0.1:" + std::to_string(peer.port()));
  expect_failure("the server does not speak TLS on this port (wrong version number); are scheme and port");
}

TEST_F(Tls, EndDuringTheHandshakeIsItsFailure) {
  ScriptedPeer peer([](PeerSocket& socket) {
    socket.read(5);
    socket.end_writing();
    socket.wait_for_end();
  });
  dial_url("wss://127.0.0.1:" + std::to_string(peer.port()));
  expect_failure("closed the connection during the TLS handshake");
}

TEST_F(Tls, SilenceDuringTheHandshakeIsADialTimeoutThatSaysSo) {
  ScriptedPeer peer([](PeerSocket& socket) { socket.wait_for_end(); });
  target_.dial_timeout = 50ms;
  dial_url("wss://127.0.0.1:" + std::to_string(peer.port()));
  run_to_end();
  EXPECT_EQ(recorder_.reason(), Reason::dial_timeout);
  EXPECT_THAT(recorder_.ending->detail, HasSubstr("TLS handshake"));
}

/// Moves bytes both ways until one side ends.
void splice(PeerSocket& left, std::uint16_t port) {
  PeerSocket right(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  name.sin_port = htons(port);
  ::connect(right.descriptor(), reinterpret_cast<sockaddr*>(&name), sizeof name);
  pollfd both[2] = {{left.descriptor(), POLLIN, 0}, {right.descriptor(), POLLIN, 0}};
  char bytes[16 * 1024];
  while (::poll(both, 2, 15'000) > 0) {
    for (int side = 0; side < 2; ++side) {
      if (both[side].revents == 0) continue;
      const ssize_t got = ::recv(both[side].fd, bytes, sizeof bytes, 0);
      if (got <= 0) return;
      (side == 0 ? right : left).write({bytes, static_cast<std::size_t>(got)});
    }
  }
}

TEST_F(Tls, GoesThroughAProxyAndVerifiesTheUpstreamNotTheProxy) {
  listen(make_identity("server", "DNS:live.example", &ca_));
  std::string connect;
  ScriptedPeer proxy([&](PeerSocket& peer) {
    connect = peer.read_head();
    peer.write("HTTP/1.1 200 OK\r\n\r\n");
    splice(peer, server_->port());
  });
  target_.proxy = "http://127.0.0.1:" + std::to_string(proxy.port());
  dial_url("wss://live.example/");
  expect_echo();
  EXPECT_THAT(connect, HasSubstr("CONNECT live.example:443 HTTP/1.1\r\n"));
  socket_->close(1000, "");
  run_to_end();
}

TEST_F(Tls, PausedReadingKeepsWhatWasDecryptedAlready) {
  listen(make_identity("server", "IP:127.0.0.1", &ca_));
  dial_server();
  run_until(io_, [&] { return recorder_.opened && accepted_.opened; });
  recorder_.when_message = [&] {
    if (recorder_.messages.size() == 3) socket_->pause_reading();
  };
  for (int i = 0; i < 3'000; ++i) accepted_socket_->send_text(std::string(300, 'x') + std::to_string(i));
  run_until(io_, [&] { return recorder_.messages.size() >= 3; });
  io_.poll();
  EXPECT_LT(recorder_.messages.size(), 30u);
  socket_->resume_reading();
  run_until(io_, [&] { return recorder_.messages.size() == 3'000; });
  EXPECT_EQ(recorder_.messages.back().payload, std::string(300, 'x') + "2999");
}

}  // namespace
}  // namespace tributary::net::testing
