// Why a file of the operator's cannot be read, and what to do. Pure. Thread: any.
#pragma once

#include <string>

namespace tributary::config {

// "No such file or directory; make it, or correct the path": of an errno.
std::string file_words(int error);

}  // namespace tributary::config
