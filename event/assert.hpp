#pragma once

#include <cstdio>
#include <cstdlib>

/// For what cannot happen: stays on in release, because going on would break a promise silently.
#define TRIBUTARY_ASSERT(condition)                                                          \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: cannot happen: !(%s)\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
