#include "event/channel.hpp"

namespace tributary::event {

std::string_view name(MessageResult result) noexcept {
  switch (result) {
    case MessageResult::sent:
      return "sent";
    case MessageResult::awaiting:
      return "awaiting";
    case MessageResult::confirmed:
      return "confirmed";
    case MessageResult::refused:
      return "refused";
    case MessageResult::unsupported:
      return "unsupported";
    case MessageResult::returned:
      return "returned";
    case MessageResult::unconfirmed:
      return "unconfirmed";
    case MessageResult::echoed:
      return "echoed";
  }
  return "none";
}

}  // namespace tributary::event
