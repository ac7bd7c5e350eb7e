#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace tributary::admin {

/// How `tributary status` may look.
struct TableLook {
  bool colours = false;
  std::size_t columns = 120;  ///< no line is wider; longer ones are cut
};

/// What somebody reads in two seconds, and then the tables.
struct StatusTable {
  std::string text;   ///< lines, each ended; only text that may be shown, and colours if wanted
  bool well = false;  ///< nothing needs attention: `level` is not "trouble"
};

/// Made of the answer of `GET /status`, also of another version's: what is missing is shown as `-`. Nothing when the
/// text is not such an answer. Pure. Thread: any.
std::optional<StatusTable> status_table(std::string_view status_json, const TableLook& look);

/// `12 s`, `3 min`, `5 h`, `2 d`: two digits at least say more than people need.
std::string age_text(double seconds);
/// `512 B`, `1.2 MiB`.
std::string size_text(double bytes);

}  // namespace tributary::admin
