#include "sinks/write_fault.hpp"

#include <array>
#include <cerrno>
#include <cstring>

namespace tributary::sinks {
namespace {

constexpr std::array errors{ENOSPC, EDQUOT,  EFBIG, EIO,   EPIPE,      EACCES, EROFS,
                            ENOENT, ENOTDIR, EPERM, EBADF, ECONNRESET, ENXIO};

}  // namespace

std::string_view code_of(int error) {
  switch (error) {
    case ENOSPC:
      return "ENOSPC";
    case EDQUOT:
      return "EDQUOT";
    case EFBIG:
      return "EFBIG";
    case EIO:
      return "EIO";
    case EPIPE:
      return "EPIPE";
    case EACCES:
      return "EACCES";
    case EROFS:
      return "EROFS";
    case ENOENT:
      return "ENOENT";
    case ENOTDIR:
      return "ENOTDIR";
    case EPERM:
      return "EPERM";
    case EBADF:
      return "EBADF";
    case ECONNRESET:
      return "ECONNRESET";
    case ENXIO:
      return "ENXIO";
    default:
      return "write_failed";
  }
}

std::string words_of(int error) {
  const auto with = [error](std::string_view advice) {
    return std::strerror(error) + std::string("; ").append(advice);
  };
  switch (error) {
    case ENOSPC:
      return "no space left on the disk; make room";
    case EDQUOT:
      return "the disk quota is used up; make room or raise it";
    case EFBIG:
      return "the file may not become larger; see ulimit -f, or set `rotate`";
    case EPIPE:
    case ECONNRESET:
      return "its reader has left (broken pipe); start again with one that stays";
    case EACCES:
    case EPERM:
      return with("this user must be allowed to write there");
    case EROFS:
      return "the file system is read-only; mount it for writing";
    case ENOENT:
    case ENOTDIR:
      return "its folder is gone; make it again";
    case ENXIO:
      return "nobody reads this pipe; start its reader";
    default:
      return with("nothing can be written there");
  }
}

std::string words_of_code(std::string_view code) {
  for (const int error : errors) {
    if (code_of(error) == code) return "it could not be written: " + words_of(error);
  }
  if (code == not_read) return "nobody reads what is written: see its reader";
  if (code == "refused") return "the cluster refuses us: see the line `refused`";
  if (code == "tls_failed") return "no TLS connection comes about: see the line `tls_failed`";
  return "the sink could not write (" + std::string(code) + ")";
}

}  // namespace tributary::sinks
