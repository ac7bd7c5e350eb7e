#include "net/socket_words.hpp"

#include <cerrno>
#include <system_error>

namespace tributary::net {

std::string connect_words(const std::string& where, int error) {
  switch (error) {
    case ECONNREFUSED:
      return "nobody listens at " + where + " (connection refused)";
    case ECONNRESET:
      return where + " broke the connection off at once (connection reset)";
    case ETIMEDOUT:
      return where + " does not answer (timed out)";
    case EHOSTUNREACH:
      return "there is no way to " + where + " (no route to host)";
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return "this machine's network has no way to " + where + " (network unreachable)";
    case EACCES:
    case EPERM:
      return "this machine does not let us connect to " + where + " (not permitted)";
    case EMFILE:
    case ENFILE:
      return "no file descriptor is left to connect to " + where;
    default:
      return where + " cannot be connected to: " + std::generic_category().message(error);
  }
}

std::string connect_remedy(int error) {
  switch (error) {
    case ECONNREFUSED:
      return "; is the server up, and is the port right?";
    case ECONNRESET:
    case ETIMEDOUT:
      return "; is the server up, and does a firewall stand in between?";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL:
    case EAFNOSUPPORT:
      return "; is the address right, and is this machine's network up?";
    case EACCES:
    case EPERM:
      return "; does a firewall rule or a sandbox on this machine forbid it?";
    case EMFILE:
    case ENFILE:
      return "; raise the limit of open files (`ulimit -n`)";
    default:
      return "";
  }
}

std::string broken_words(int error) {
  switch (error) {
    case ECONNRESET:
      return "the other side broke the connection off (connection reset)";
    case EPIPE:
      return "the other side has closed the connection already (broken pipe)";
    case ETIMEDOUT:
      return "the other side answers no more (timed out)";
    case EHOSTUNREACH:
    case ENETUNREACH:
    case ENETDOWN:
      return "there is no way to the other side any more (no route); is this machine's network up?";
    default:
      return "the connection failed: " + std::generic_category().message(error);
  }
}

}  // namespace tributary::net
