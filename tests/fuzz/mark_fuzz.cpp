// Any bytes as an envelope, read by a relay that trusts one origin. What must hold: what is read is what another reader
// of JSON sees; written and read again it is the same; and nothing is trusted but what the one key has signed.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <variant>

#include "event/mark.hpp"
#include "text/json.hpp"

using nlohmann::json;
using tributary::event::Envelope;
using tributary::event::Marks;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void compare(const Envelope& envelope, const json& other) {
  const auto& mark = envelope.mark;
  require(mark.hops >= 1 && mark.origin.size() <= Marks::origin_limit && mark.id.size() <= Marks::id_limit);
  require(other["event"] == envelope.event);
  const json& told = other["tributary"];
  require(told["v"] == 1 && told["origin"] == mark.origin && told["id"] == mark.id && told["hops"] == mark.hops);
  require(told["at"] == mark.at && told.value("kid", "") == mark.kid && told.value("signature", "") == mark.signature);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Marks marks({"hall", "h", "", {{"relay-1", "", "a key"}, {"relay-1", "b", "another"}}});
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto answer = tributary::event::read_envelope(text);
  const auto* envelope = std::get_if<Envelope>(&answer);
  if (envelope == nullptr) {
    require(!std::get<tributary::event::NoEnvelope>(answer).reason.empty());
    return 0;
  }
  require(text.find('\\') != std::string_view::npos || tributary::event::may_be_envelope(text));
  compare(*envelope, json::parse(text));
  const auto again = tributary::event::read_envelope(written(*envelope));
  require(written(std::get<Envelope>(again)) == written(*envelope));

  const auto judged = marks.judge(*envelope, envelope->mark.published);
  const bool foreign = judged.standing == Marks::Standing::foreign;
  require(foreign == !judged.why.empty());
  require((envelope->mark.origin == "hall") == (judged.standing == Marks::Standing::own));
  Envelope signed_anew = *envelope;
  signed_anew.mark.signature = signature_of(*envelope, "a key");
  require((judged.standing == Marks::Standing::trusted) ==
          (envelope->mark.origin == "relay-1" &&
           (envelope->mark.signature == signed_anew.mark.signature ||
            (envelope->mark.kid == "b" && envelope->mark.signature == signature_of(*envelope, "another")))));
  return 0;
}
