#include "tests/support/source_dir.hpp"

namespace tributary::support {

std::string source_dir() { return TRIBUTARY_SOURCE_DIR; }

}  // namespace tributary::support
