#include "sinks/kafka/config.hpp"
#include <gtest/gtest.h>
