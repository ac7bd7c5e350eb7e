// Any bytes as a row of a spool, under a checksum that fits. What must hold: what is read names only parts of its own
// text, written and read again it is the same, and without the checksum it is no row.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <variant>

#include "spool/checksum.hpp"
#include "spool/known_id.hpp"
#include "spool/row.hpp"

using namespace tributary;

namespace {

void require(bool condition) {
  if (!condition) std::abort();
}

void look_at(const event::Event& event) {
  std::string all;
  for (const auto part : {event.json_text(), event.key_text(), event.id_text(), event.type_text(),
                          event.provider_text(), event.created_at_text(), event.upstream_channel_text()}) {
    require(part.empty() ||
            (part.data() >= event.text.data() && part.data() + part.size() <= event.text.data() + event.text.size()));
    all += part;
  }
  require(event.connector != nullptr && event.receipt == nullptr);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static spool::ConnectorNames names;
  const std::string_view body(reinterpret_cast<const char*>(data), size);
  std::string row;
  for (auto sum = spool::checksum(body); row.size() < 8; sum >>= 8U) row += static_cast<char>(sum);
  row += body;
  const auto decoded = spool::decode(row, names, {});
  const auto id = spool::id_of(row, names);
  row[0] = static_cast<char>(row[0] ^ 1);
  require(std::holds_alternative<std::string_view>(spool::decode(row, names, {})));
  const auto* read = std::get_if<spool::Row>(&decoded);
  if (read == nullptr) {
    require(!std::get<std::string_view>(decoded).empty() && !id);
    return 0;
  }
  require((read->record.event == nullptr) != (read->record.letter == nullptr));
  if (read->record.event) look_at(*read->record.event);
  std::string again, once_more;
  spool::encode(again, read->lane, read->record);
  const auto second = spool::decode(again, names, {});
  spool::encode(once_more, std::get<spool::Row>(second).lane, std::get<spool::Row>(second).record);
  require(again == once_more);
  return 0;
}
