// What is said of certificates and keys that cannot be used: what is there, and what to do.
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

#include "net/tls.hpp"

namespace tributary::net {
namespace {

class TlsFiles : public ::testing::Test {
 protected:
  TlsFiles() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tls-files-XXXXXX").string();
    folder_ = ::mkdtemp(pattern.data());
  }
  ~TlsFiles() override { std::filesystem::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
    return folder_ / name;
  }
  static std::string fault(const TlsSettings& settings) {
    std::string why;
    EXPECT_FALSE(client_tls_context(settings, why));
    return why;
  }

  std::filesystem::path folder_;
};

TEST_F(TlsFiles, AMissingFileIsSaidToBeMissing) {
  const std::string gone = folder_ / "gone.pem";
  const std::string why = gone + " cannot be used: No such file or directory; make it, or correct the path";
  TlsSettings authority, identity;
  authority.ca_file = identity.certificate = identity.key = gone;
  EXPECT_EQ(fault(authority), "the CA file " + why);
  EXPECT_EQ(fault(identity), "the certificate " + why);
}

TEST_F(TlsFiles, WhatHoldsNoPemIsSaidToHoldNone) {
  TlsSettings settings;
  settings.certificate = settings.key = write("empty.pem", "not a certificate\n");
  EXPECT_EQ(fault(settings), "the certificate " + settings.certificate +
                                 " cannot be used: it holds nothing of that kind in PEM; expected a line "
                                 "`-----BEGIN …-----`");
}

TEST_F(TlsFiles, DamagedPemIsSaidToBeDamaged) {
  TlsSettings settings;
  settings.certificate = settings.key = write("torn.pem", "-----BEGIN CERTIFICATE-----\nnothing\n");
  EXPECT_EQ(fault(settings), "the certificate " + settings.certificate +
                                 " cannot be used: its PEM is damaged or cut short; write it anew");
}

TEST_F(TlsFiles, AnEncryptedKeyIsRefusedWithoutAskingForItsPassphrase) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> certificate(X509_new(), X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key.get());
  X509_sign(certificate.get(), key.get(), EVP_sha256());
  TlsSettings settings;
  settings.certificate = folder_ / "certificate.pem";
  settings.key = folder_ / "key.pem";
  std::FILE* file = std::fopen(settings.certificate.c_str(), "w");
  PEM_write_X509(file, certificate.get());
  std::fclose(file);
  file = std::fopen(settings.key.c_str(), "w");
  PEM_write_PrivateKey(file, key.get(), EVP_aes_256_cbc(), nullptr, 0, nullptr, const_cast<char*>("fake-passphrase"));
  std::fclose(file);
  EXPECT_EQ(fault(settings),
            "the key " + settings.key + " cannot be used: it is encrypted; expected a key without a passphrase");
}

}  // namespace
}  // namespace tributary::net
