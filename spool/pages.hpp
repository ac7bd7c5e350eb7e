#pragma once

#include <filesystem>
#include <functional>
#include <string_view>

namespace tributary::spool {

/// Looks into the pages of a file and its log one by one, without the tree over them: for a file whose tree is damaged
/// or cut off. Calls `each` with the row of whatever looks like a record, in the order of the pages, until it says
/// false; only its checksum shows that it is one. The view lives during the call. Pages that the file says are free are
/// left out, as what lies there was removed. Touches nothing; a file that is not there has no pages. See
/// https://www.sqlite.org/fileformat.html.
void scan_pages(const std::filesystem::path& file, const std::function<bool(std::string_view row)>& each);

}  // namespace tributary::spool
