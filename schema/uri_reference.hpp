#pragma once

#include <string>
#include <string_view>

namespace tributary::schema {

// RFC 3986, section 5.2: `reference` as seen from a document at `base`, either possibly empty. Nothing is normalised
// but dot segments of a merged path. Thread: any.
std::string resolve_uri(std::string_view base, std::string_view reference);

}  // namespace tributary::schema
