#include "config/file_words.hpp"

#include <cerrno>
#include <system_error>

namespace tributary::config {

std::string file_words(int error) {
  const std::string words = std::generic_category().message(error);
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return words + "; make it, or correct the path";
    case EACCES:
    case EPERM:
      return words + "; let this user read it";
    case EISDIR:
      return words + "; expected a file";
    case EMFILE:
    case ENFILE:
      return words + "; raise ulimit -n";
    default:
      return words;
  }
}

}  // namespace tributary::config
