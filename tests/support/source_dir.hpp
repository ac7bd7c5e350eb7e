#pragma once

#include <string>

namespace tributary::support {

/// The absolute path of the checkout, where testdata is. Compiled into one file, so that the commands that compile
/// tests are the same in every checkout and a compiler cache serves them all.
std::string source_dir();

}  // namespace tributary::support
