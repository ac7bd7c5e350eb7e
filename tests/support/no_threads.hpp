#pragma once

#include <gtest/gtest.h>
#include <pthread.h>

#include <cstddef>

namespace tributary::support {

/// As long as it lives the system has no further thread for this program, as at its limit: whoever makes one gets
/// EAGAIN. Each would need more addresses than a process has.
class NoThreads {
 public:
  NoThreads() {
    EXPECT_EQ(::pthread_getattr_default_np(&before_), 0);
    pthread_attr_t endless;
    ::pthread_getattr_default_np(&endless);
    EXPECT_EQ(::pthread_attr_setstacksize(&endless, std::size_t{1} << 48U), 0);
    EXPECT_EQ(::pthread_setattr_default_np(&endless), 0);
    ::pthread_attr_destroy(&endless);
  }
  ~NoThreads() {
    ::pthread_setattr_default_np(&before_);
    ::pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

}  // namespace tributary::support
